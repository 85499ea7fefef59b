(** * Counting: more truths than memories

    A truth about [n] facts is a table of [n] answers. A program is a list of
    bits; [U] is any interpreter that turns a program into the table of its
    answers, computable or not. *)
From Coq Require Import List Arith Lia Bool.
Import ListNotations.

Lemma length_of_app : forall (A : Type) (l k : list A),
  length (l ++ k) = length l + length k.
Proof.
  induction l as [| a l IH]; intro k; simpl; [| rewrite IH]; reflexivity.
Qed.

Lemma length_of_map : forall (A B : Type) (f : A -> B) l,
  length (map f l) = length l.
Proof. induction l as [| a l IH]; simpl; [| rewrite IH]; reflexivity. Qed.

Lemma length_of_seq : forall n from, length (seq from n) = n.
Proof.
  induction n as [| n IH]; intro from; simpl; [| rewrite IH]; reflexivity.
Qed.

(** ** The pigeonhole *)
Section Pigeonhole.
  Variable A : Type.
  Variable eq_dec : forall a b : A, {a = b} + {a <> b}.

  (** If there are fewer holes than pigeons, some pigeon has no hole. *)
  Theorem pigeonhole : forall pigeons holes : list A,
    NoDup pigeons -> length holes < length pigeons ->
    exists p, In p pigeons /\ ~ In p holes.
  Proof.
    (* Take a list of different pigeons, and a shorter list of holes. *)
    intros pigeons holes different fewer.
    (* Is there a pigeon that is not among the holes? Look at one after the
       other. *)
    destruct (Exists_dec (fun p => ~ In p holes) pigeons) as [found | none].
    { intro p. destruct (in_dec eq_dec p holes); tauto. }
    - (* Yes: that is what we want. *)
      apply Exists_exists in found. exact found.
    - (* No: then all pigeons are holes, and different pigeons are different
         holes. *)
      exfalso. apply (Nat.lt_irrefl (length holes)).
      apply Nat.lt_le_trans with (1 := fewer).
      apply NoDup_incl_length; [exact different |].
      intros p here.
      destruct (in_dec eq_dec p holes) as [there | missing]; [exact there |].
      elim none. apply Exists_exists. exists p. tauto.
  Qed.
End Pigeonhole.

(** ** How many programs there are *)
Fixpoint words (n : nat) : list (list bool) :=
  match n with
  | 0 => [[]]
  | S n => map (cons true) (words n) ++ map (cons false) (words n)
  end.

Lemma words_count : forall n, length (words n) = 2 ^ n.
Proof.
  induction n as [| n IH]; simpl; [reflexivity |].
  rewrite length_of_app, !length_of_map. lia.
Qed.

Lemma words_complete : forall w, In w (words (length w)).
Proof.
  induction w as [| b w IH]; simpl; [tauto |].
  apply in_or_app. destruct b; [left | right]; apply in_map; exact IH.
Qed.

(** All programs of at most [c] bits. *)
Fixpoint programs (c : nat) : list (list bool) :=
  match c with 0 => words 0 | S c => programs c ++ words (S c) end.

(** There are 2^(c+1) - 1 programs of at most c bits. *)
Theorem programs_count : forall c, length (programs c) + 1 = 2 ^ (c + 1).
Proof.
  induction c as [| c IH]; [reflexivity |].
  cbn [programs]. rewrite length_of_app, words_count.
  (* Those of exactly c + 1 bits are as many as those before, and one. *)
  replace (S c) with (c + 1) by lia.
  rewrite (Nat.add_1_r (c + 1)), Nat.pow_succ_r'. lia.
Qed.

Lemma programs_complete : forall c w, length w <= c -> In w (programs c).
Proof.
  induction c as [| c IH]; intros w short.
  - destruct w; [left; reflexivity | simpl in short; lia].
  - cbn [programs]. apply in_or_app.
    destruct (Nat.eq_dec (length w) (S c)) as [<- | smaller].
    + right. apply words_complete.
    + left. apply IH. lia.
Qed.

(** ** How many truths there are *)
Section Tables.
  Variable Y : Type.
  Variable eq_dec : forall a b : Y, {a = b} + {a <> b}.
  Variable answers : list Y.
  Hypothesis distinct : NoDup answers.

  (** Every table of [n] answers. *)
  Fixpoint tables (n : nat) : list (list Y) :=
    match n with
    | 0 => [[]]
    | S n => flat_map (fun y => map (cons y) (tables n)) answers
    end.

  (** With q answers to each of n facts there are q^n truths. *)
  Theorem tables_count : forall n, length (tables n) = length answers ^ n.
  Proof.
    induction n as [| n IH]; [reflexivity |]. simpl. rewrite <- IH. clear.
    induction answers as [| y ys IHy]; [reflexivity |].
    simpl. rewrite length_of_app, length_of_map, IHy. reflexivity.
  Qed.

  Lemma tables_length : forall n t, In t (tables n) -> length t = n.
  Proof.
    induction n as [| n IH]; intros t there.
    - destruct there as [<- | []]. reflexivity.
    - apply in_flat_map in there. destruct there as [y [_ there]].
      apply in_map_iff in there. destruct there as [u [<- there]].
      simpl. f_equal. apply IH. exact there.
  Qed.

  Lemma NoDup_together : forall (A : Type) (l k : list A), NoDup l ->
    NoDup k ->
    (forall a, In a l -> ~ In a k) -> NoDup (l ++ k).
  Proof.
    induction l as [| a l IH]; intros k one two apart; simpl; [exact two |].
    inversion one as [| ? ? fresh rest]; subst. constructor.
    - intro there. apply in_app_or in there.
      destruct there as [there | there].
      + exact (fresh there).
      + exact (apart a (or_introl eq_refl) there).
    - apply IH; [exact rest | exact two |]. intros b here. apply apart.
      right. exact here.
  Qed.

  Lemma NoDup_image : forall (A B : Type) (f : A -> B) l,
    (forall a b, In a l -> In b l -> f a = f b -> a = b) -> NoDup l ->
      NoDup (map f l).
  Proof.
    induction l as [| a l IH]; intros injective different; simpl;
      [constructor |].
    inversion different as [| ? ? fresh rest]; subst. constructor.
    - intro there. apply in_map_iff in there.
      destruct there as [b [equal there]].
      apply fresh.
      rewrite (injective a b);
        [exact there | now left | now right | now symmetry].
    - apply IH; [| exact rest]. intros b c here there.
      apply injective; now right.
  Qed.

  Lemma tables_distinct : forall n, NoDup (tables n).
  Proof.
    induction n as [| n IH]; simpl; [repeat constructor; tauto |].
    revert distinct. clear - IH.
    induction answers as [| y ys IHy]; simpl; intro d;
      [constructor |].
    inversion d as [| ? ? fresh rest]; subst. apply NoDup_together.
    - apply NoDup_image; [| exact IH]. intros t u _ _ equal.
      now injection equal.
    - apply IHy. exact rest.
    - intros t one two. apply in_map_iff in one. destruct one as [u [<- _]].
      apply in_flat_map in two. destruct two as [z [there two]].
      apply in_map_iff in two. destruct two as [v [equal _]].
      injection equal as -> _. exact (fresh there).
  Qed.

  (** Fewer models than tables: some truth is told by none of them.
      (Book: part of prop-finite-table) *)
  Theorem some_truth_is_missed : forall n models,
    length models < length answers ^ n ->
    exists t, In t (tables n) /\ ~ In t models.
  Proof.
    intros n models fewer. apply pigeonhole.
    - exact (list_eq_dec eq_dec).
    - apply tables_distinct.
    - rewrite tables_count. exact fewer.
  Qed.

  (** A set of models with a perfect member for every truth has at least
      q^n members.
      (Book: part of thm-known-facts) *)
  Theorem perfection_needs_room : forall n models,
    (forall t, In t (tables n) -> In t models) ->
      length answers ^ n <= length models.
  Proof.
    (* Suppose there were fewer models than tables. *)
    intros n models perfect. apply Nat.nlt_ge. intro fewer.
    (* Then some table is missed, against the assumption. *)
    destruct (some_truth_is_missed n models fewer) as [t [there missed]].
    apply missed. apply perfect. exact there.
  Qed.

  Variable U : list bool -> list Y.                    (* the interpreter *)

  (** The counting behind Lemma 1: some truth about n facts has no program of
      at most c bits, as soon as there are enough facts.
      (Book: part of prop-complexity-fails) *)
  Theorem some_truth_is_complex : forall c n,
    2 ^ (c + 1) <= length answers ^ n ->
    exists t, In t (tables n) /\ forall p, length p <= c -> U p <> t.
  Proof.
    (* The models are what the programs of at most c bits produce. *)
    intros c n room.
    destruct (some_truth_is_missed n (map U (programs c)))
      as [t [there missed]].
    { (* There are fewer of them than tables. *)
      rewrite length_of_map. pose proof (programs_count c). lia. }
    (* So some table t is not produced. *)
    exists t. split; [exact there |].
    (* In particular not by the program p. *)
    intros p short equal. apply missed. rewrite <- equal.
    apply in_map. apply programs_complete. exact short.
  Qed.

  (** Few truths are simple: fewer than 2^(c+1) tables have a program of at
      most c bits. *)
  Theorem few_are_simple : forall c ts, NoDup ts ->
    (forall t, In t ts -> exists p, length p <= c /\ U p = t) ->
    length ts < 2 ^ (c + 1).
  Proof.
    intros c ts different simple.
    assert (produced : incl ts (map U (programs c))).
    { intros t there. destruct (simple t there) as [p [short <-]].
      apply in_map. apply programs_complete. exact short. }
    pose proof (NoDup_incl_length different produced) as bound.
    rewrite length_of_map in bound. pose proof (programs_count c). lia.
  Qed.
End Tables.

(** ** Complexity does not force errors *)

(** The table [t] with the answer at place [k] changed. *)
Fixpoint change (k : nat) (t : list bool) : list bool :=
  match t, k with
  | [], _ => []
  | b :: t, 0 => negb b :: t
  | b :: t, S k => b :: change k t
  end.

(** How many of the answers of two tables differ. *)
Fixpoint errors (t u : list bool) : nat :=
  match t, u with
  | a :: t, b :: u => (if Bool.eqb a b then 0 else 1) + errors t u
  | _, _ => 0
  end.

Lemma errors_none : forall t, errors t t = 0.
Proof. induction t as [| b t IH]; simpl; [| rewrite eqb_reflx]; auto. Qed.

Lemma errors_change : forall t k, k < length t -> errors t (change k t) = 1.
Proof.
  induction t as [| b t IH]; intros k inside; simpl in *; [lia |].
  destruct k as [| k]; simpl.
  - rewrite errors_none. destruct b; reflexivity.
  - rewrite eqb_reflx. apply IH. lia.
Qed.

Lemma change_injective : forall t j k, j < length t -> k < length t ->
  change j t = change k t -> j = k.
Proof.
  induction t as [| b t IH]; intros j k one two equal; simpl in *; [lia |].
  destruct j as [| j], k as [| k]; try reflexivity.
  - injection equal. destruct b; discriminate.
  - injection equal. destruct b; discriminate.
  - f_equal. injection equal as equal. apply IH; [lia | lia | exact equal].
Qed.

(** A truth without a short program on which a given model makes one single
    error: a complex truth need not be hard for the model.
    (Book: part of prop-complexity-fails) *)
Theorem complex_truth_one_error : forall (U : list bool -> list bool) c model,
  2 ^ (c + 1) <= length model ->
  exists truth, errors model truth = 1 /\
    forall p, length p <= c -> U p <> truth.
Proof.
  (* Take an interpreter, a number of bits, and the answers of a model to
     enough questions. *)
  intros U c model room.
  (* There are more ways to change one answer than short programs. *)
  destruct (pigeonhole (list bool) (list_eq_dec bool_dec)
              (map (fun k => change k model) (seq 0 (length model)))
              (map U (programs c))) as [truth [changed missed]].
  { (* Changes at different places give different tables, *)
    apply NoDup_image; [| apply seq_NoDup].
    intros j k one two. apply in_seq in one, two.
    apply change_injective; lia. }
  { (* and they can be counted. *)
    rewrite !length_of_map, length_of_seq. pose proof (programs_count c).
    lia. }
  (* So some changed table is not produced by a short program. *)
  exists truth. split.
  - (* It differs from the model at the changed place only. *)
    apply in_map_iff in changed. destruct changed as [k [<- inside]].
    apply in_seq in inside. apply errors_change. lia.
  - (* And no short program produces it. *)
    intros p short equal. apply missed. rewrite <- equal.
    apply in_map. apply programs_complete. exact short.
Qed.
