(** * Schedules: how often one truth can make every model err

    A schedule says at which model each question is aimed. The paper's
      schedule
    is k mod (k+1); it aims at each model once. Two others aim again and
      again. *)
From Coq Require Import Arith PArith List Lia Bool.
From Coq Require Cantor.
From Limits Require Import Diagonal.

(** A set of questions is infinite if it has members beyond every bound. *)
Definition infinite (P : nat -> Prop) : Prop :=
  forall bound, exists k, bound <= k /\ P k.

(** The schedule that is printed in the paper. *)
Definition printed (k : nat) : nat := k mod (k + 1).

(** The printed schedule is the identity: question k is aimed at model k only.
    (Book: prop-one-error) *)
Theorem printed_is_identity : forall k, printed k = k.
Proof.
  (* Take any k. *)
  intro k.
  (* A number that is less than the modulus is its own remainder. *)
  unfold printed. apply Nat.mod_small.
  (* And k is less than k + 1. *)
  lia.
Qed.

(** First repair: question k is aimed at the first half of the k-th pair in
    Cantor's numbering, 0, 1, 0, 2, 1, 0, 3, 2, 1, 0, ... *)
Definition cantor_turn (k : nat) : nat := fst (Cantor.of_nat k).

Lemma cantor_returns : forall i, infinite (fun k => cantor_turn k = i).
Proof.
  intros i bound. exists (Cantor.to_nat (i, bound)). split.
  - pose proof (Cantor.to_nat_non_decreasing i bound). lia.
  - unfold cantor_turn. rewrite Cantor.cancel_of_to. reflexivity.
Qed.

(** Second repair, the ruler: the zeros at the end of k+1 in binary. *)
Fixpoint zeros (p : positive) : nat :=
  match p with xO p => S (zeros p) | _ => 0 end.
Definition ruler (k : nat) : nat := zeros (Pos.of_succ_nat k).

(** The number p ends in exactly i zeros if and only if it is 2^i times an
    odd number. *)
Lemma zeros_spec : forall p i, zeros p = i <->
  exists u, Pos.to_nat p = 2 ^ i * (2 * u + 1).
Proof.
  induction p as [p IH | p IH |]; intro i; simpl zeros.
  - rewrite Pos2Nat.inj_xI. split.
    + intros <-. exists (Pos.to_nat p). simpl. lia.
    + intros [u E]. destruct i as [| i]; [reflexivity |].
      rewrite Nat.pow_succ_r', <- Nat.mul_assoc in E. lia.
  - rewrite Pos2Nat.inj_xO. destruct i as [| i].
    + split; [discriminate |]. intros [u E]. simpl in E. lia.
    + split.
      * intro E. injection E as E. apply IH in E. destruct E as [u E].
        exists u. rewrite Nat.pow_succ_r', <- Nat.mul_assoc, <- E. lia.
      * intros [u E]. f_equal. apply IH. exists u.
        rewrite Nat.pow_succ_r', <- Nat.mul_assoc in E. lia.
  - rewrite Pos2Nat.inj_1. split.
    + intros <-. exists 0. reflexivity.
    + intros [u E]. destruct i as [| i]; [reflexivity |].
      rewrite Nat.pow_succ_r', <- Nat.mul_assoc in E. lia.
Qed.

Lemma ruler_spec : forall k i, ruler k = i <->
  exists u, k + 1 = 2 ^ i * (2 * u + 1).
Proof.
  intros k i. unfold ruler. rewrite zeros_spec, SuccNat2Pos.id_succ.
  split; intros [u E]; exists u; lia.
Qed.

(** Among the first N questions the ruler aims at model i exactly
    (N + 2^i) / 2^(i+1) times, rounded down: a share of 1/2, 1/4, 1/8, ...
    (Book: thm-ruler) *)
Theorem ruler_share : forall i n,
  count (fun k => Nat.eqb (ruler k) i) n = (n + 2 ^ i) / 2 ^ (i + 1).
Proof.
  intros i n.
  (* Write d for 2^(i+1), which is twice 2^i. *)
  assert (d : 2 ^ (i + 1) = 2 * 2 ^ i)
    by (rewrite Nat.add_1_r; apply Nat.pow_succ_r').
  assert (some : 2 ^ i <> 0) by (apply Nat.pow_nonzero; discriminate).
  (* One question after the other. *)
  induction n as [| n IH].
  - (* No question: 2^i is less than d. *)
    simpl count. symmetry. apply Nat.div_small. lia.
  - simpl count. rewrite IH.
    destruct (Nat.eqb_spec (ruler n) i) as [hit | miss].
    + (* A hit: n + 1 is an odd multiple of 2^i, and the quotient grows by
         one. *)
      apply ruler_spec in hit. destruct hit as [u hit].
      rewrite <- (Nat.div_unique (n + 2 ^ i) (2 ^ (i + 1)) u
        (2 * 2 ^ i - 1)) by lia.
      rewrite <- (Nat.div_unique (S n + 2 ^ i) (2 ^ (i + 1)) (u + 1) 0)
        by lia.
      lia.
    + (* A miss: the remainder is not yet d - 1, and the quotient stays. *)
      pose proof (Nat.div_mod (n + 2 ^ i) (2 ^ (i + 1))) as split_up.
      pose proof (Nat.mod_upper_bound (n + 2 ^ i) (2 ^ (i + 1))) as small.
      set (q := (n + 2 ^ i) / 2 ^ (i + 1)) in *.
      set (r := (n + 2 ^ i) mod 2 ^ (i + 1)) in *.
      rewrite <- (Nat.div_unique (S n + 2 ^ i) (2 ^ (i + 1)) q (r + 1));
        try lia.
      destruct (Nat.eq_dec (r + 1) (2 ^ (i + 1))) as [full | free]; [| lia].
      exfalso. apply miss. apply ruler_spec. exists q. nia.
Qed.

Lemma ruler_returns : forall i, infinite (fun k => ruler k = i).
Proof.
  intros i bound. exists (2 ^ i * (2 * bound + 1) - 1).
  assert (some : 2 ^ i <> 0) by (apply Nat.pow_nonzero; discriminate).
  split; [nia |]. apply ruler_spec. exists bound. nia.
Qed.

Section Errors.
  Variable Y : Type.
  Variable eq_dec : forall a b : Y, {a = b} + {a <> b}.
  Variables y0 y1 : Y.
  Hypothesis two_answers : y0 <> y1.

  (** The truth contradicts, at each question, the model it is aimed at. *)
  Definition aimed_truth
      (turn : nat -> nat) (h : nat -> nat -> Y) (k : nat) : Y :=
    other Y eq_dec y0 y1 (h (turn k) k).

  Lemma aimed_errs : forall turn h k, aimed_truth turn h k <> h (turn k) k.
  Proof. intros turn h k. apply other_differs. exact two_answers. Qed.

  (** A family that the printed schedule hits once only: model i says y0 at
      question i and y1 everywhere else. *)
  Definition one_off (i k : nat) : Y := if Nat.eqb k i then y0 else y1.

  (** With the printed schedule this family errs exactly once per model, where
      the paper's proof promises infinitely many errors.
      (Book: prop-one-error) *)
  Theorem printed_fails : forall i k,
    aimed_truth printed one_off k <> one_off i k <-> k = i.
  Proof.
    (* Take model i and question k. *)
    intros i k.
    (* The question is aimed at model k, which says y0 there. *)
    unfold aimed_truth. rewrite printed_is_identity. unfold one_off.
    rewrite Nat.eqb_refl.
    (* So the truth is y1, at every question. *)
    assert (truth : other Y eq_dec y0 y1 y0 = y1).
    { unfold other.
      destruct (eq_dec y0 y0) as [_ | no]; [reflexivity | now elim no]. }
    rewrite truth.
    (* Model i says something else than y1 at its own question, and only
       there. *)
    destruct (Nat.eqb_spec k i) as [own | foreign].
    - split; [intros _; exact own |]. intros _ equal. apply two_answers.
      now symmetry.
    - split; [intro errs; now elim errs | contradiction].
  Qed.

  (** A schedule that returns to model i for ever makes it err for ever. *)
  Lemma endless_errors : forall turn h i,
    infinite (fun k => turn k = i) ->
      infinite (fun k => aimed_truth turn h k <> h i k).
  Proof.
    intros turn h i returns bound. destruct (returns bound) as [k [late hit]].
    exists k. split; [exact late |]. rewrite <- hit. apply aimed_errs.
  Qed.

  (** Theorem 2, repaired: one truth makes every model err infinitely often.
      (Book: thm-ruler) *)
  Theorem infinitely_many_errors : forall h : nat -> nat -> Y,
    exists f : nat -> Y, forall i, infinite (fun k => f k <> h i k).
  Proof.
    (* Take any list h, and the truth that Cantor's schedule aims. *)
    intro h. exists (aimed_truth cantor_turn h).
    (* Take model i: the schedule returns to it for ever ... *)
    intro i. apply endless_errors.
    (* ... because Cantor's numbering contains every pair (i, j). *)
    apply cantor_returns.
  Qed.

  (** Does model i err at question k? *)
  Definition errs (f : nat -> Y) (h : nat -> nat -> Y) (i k : nat) : bool :=
    if eq_dec (f k) (h i k) then false else true.

  (** With the ruler, model i errs on a share of at least 1/2^(i+1).
      (Book: thm-ruler) *)
  Theorem positive_density : forall h i n,
    (n + 2 ^ i) / 2 ^ (i + 1) <= count (errs (aimed_truth ruler h) h i) n.
  Proof.
    (* The left side counts the questions that are aimed at model i. *)
    intros h i n. rewrite <- ruler_share.
    (* Each of them is an error; count one question after the other. *)
    induction n as [| n IH]; [reflexivity |]. simpl count.
    destruct (Nat.eqb_spec (ruler n) i) as [hit | _]; [| lia].
    unfold errs at 2.
    destruct (eq_dec (aimed_truth ruler h n) (h i n)) as [right | wrong].
    - exfalso. rewrite <- hit in right. exact (aimed_errs ruler h n right).
    - lia.
  Qed.
End Errors.
