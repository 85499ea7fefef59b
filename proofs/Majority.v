(** * Majority votes: what two more voters change

    Voters are right independently with probability [p], a real number. *)
From Coq Require Import Reals Lra Lia.
Local Open Scope R_scope.

Section Majority.
  Variable p : R.
  Notation q := (1 - p).

  (** The probability that exactly [k] of [n] voters are right: the last voter
      is right, or she is not. *)
  Fixpoint exactly (n k : nat) : R :=
    match n, k with
    | O, O => 1
    | O, S _ => 0
    | S n, O => q * exactly n O
    | S n, S k => p * exactly n k + q * exactly n (S k)
    end.

  (** The probability that at least [k] of [n] voters are right. *)
  Fixpoint at_least (n k : nat) : R :=
    match n, k with
    | _, O => 1
    | O, S _ => 0
    | S n, S k => p * at_least n k + q * at_least n (S k)
    end.

  (** A majority of 2m + 1 voters is right: m + 1 of them or more. *)
  Definition majority (m : nat) : R := at_least (2 * m + 1) (m + 1).

  (** "At least k" is "exactly k" or "at least k + 1". *)
  Lemma at_least_step : forall n k,
    at_least n k = exactly n k + at_least n (S k).
  Proof.
    induction n as [| n IH]; intro k.
    - destruct k; simpl; lra.
    - destruct k as [| k]; cbn [at_least exactly].
      + pose proof (IH O) as step.
        replace (at_least n 0) with 1 in step by (destruct n; reflexivity).
        replace (at_least n 0) with 1 by (destruct n; reflexivity).
        replace (at_least n 1) with (1 - exactly n 0) by lra. ring.
      + rewrite (IH k), (IH (S k)). ring.
  Qed.

  (** Two more voters: a majority is lost only from m + 1 right, both new ones
      wrong, and won only from m right, both new ones right. *)
  Lemma two_more_voters : forall n k,
    at_least (S (S n)) (S (S k)) =
    at_least n (S k) + p * p * exactly n k - q * q * exactly n (S k).
  Proof.
    intros n k. cbn [at_least].
    rewrite (at_least_step n k). rewrite (at_least_step n (S k)). ring.
  Qed.

  (** Pascal's triangle. *)
  Fixpoint choose (n k : nat) : nat :=
    match n, k with
    | _, O => 1
    | O, S _ => 0
    | S n, S k => choose n k + choose n (S k)
    end.

  Lemma choose_above : forall n k, (n < k)%nat -> choose n k = 0%nat.
  Proof.
    induction n as [| n IH]; intros k above;
      destruct k as [| k]; try lia; [reflexivity |].
    cbn [choose]. rewrite (IH k), (IH (S k)); lia.
  Qed.

  Lemma choose_all : forall n, choose n n = 1%nat.
  Proof.
    induction n as [| n IH]; [reflexivity |]. cbn [choose].
    rewrite IH, choose_above; lia.
  Qed.

  Lemma choose_none : forall n, choose n 0 = 1%nat.
  Proof. destruct n; reflexivity. Qed.

  (** Choosing a things or choosing the other b is the same. *)
  Lemma choose_symmetric : forall n a b, (a + b = n)%nat ->
    choose n a = choose n b.
  Proof.
    induction n as [| n IH]; intros a b whole.
    - replace a with O by lia. replace b with O by lia. reflexivity.
    - destruct a as [| a], b as [| b].
      + lia.
      + replace (S b) with (S n) by lia. rewrite choose_none, choose_all.
        reflexivity.
      + replace (S a) with (S n) by lia. rewrite choose_none, choose_all.
        reflexivity.
      + cbn [choose]. rewrite (IH a (S b)), (IH (S a) b) by lia. lia.
  Qed.

  Lemma choose_positive : forall n k, (k <= n)%nat -> (0 < choose n k)%nat.
  Proof.
    induction n as [| n IH]; intros k le;
      destruct k as [| k]; try lia; cbn [choose]; [lia | lia |].
    assert (0 < choose n k)%nat by (apply IH; lia). lia.
  Qed.

  Lemma exactly_above : forall n k, (n < k)%nat -> exactly n k = 0.
  Proof.
    induction n as [| n IH]; intros k above;
      destruct k as [| k]; try lia; [reflexivity |].
    cbn [exactly]. rewrite !IH by lia. ring.
  Qed.

  (** The binomial distribution. *)
  Lemma exactly_is_binomial : forall a b,
    exactly (a + b) a = INR (choose (a + b) a) * p ^ a * q ^ b.
  Proof.
    assert (all : forall n a b, (a + b = n)%nat ->
      exactly n a = INR (choose n a) * p ^ a * q ^ b).
    { induction n as [| n IH]; intros a b whole.
      - replace a with O by lia. replace b with O by lia. simpl. ring.
      - destruct a as [| a].
        + replace b with (S n) by lia. cbn [exactly]. rewrite (IH O n) by lia.
          rewrite !choose_none. simpl. ring.
        + cbn [exactly choose]. rewrite (IH a b), plus_INR by lia.
          destruct b as [| b].
          * replace (exactly n (S a)) with 0.
            { rewrite (choose_above n (S a)) by lia. simpl. ring. }
            symmetry. apply exactly_above. lia.
          * rewrite (IH (S a) b) by lia. simpl. ring. }
    intros a b. apply all. reflexivity.
  Qed.

  (** The exact gain of two more voters,
    if voters are right independently with
      probability p.
      (Book: part of thm-majority) *)
  Theorem majority_increment : forall m,
    majority (m + 1) - majority m =
    (2 * p - 1) * INR (choose (2 * m + 1) m) * (p * q) ^ (m + 1).
  Proof.
    (* Take 2m + 1 voters and two more. *)
    intro m. unfold majority.
    (* The two new voters change the outcome in two cases only. *)
    replace (2 * (m + 1) + 1)%nat with (S (S (2 * m + 1))) by lia.
    replace (m + 1 + 1)%nat with (S (S m)) by lia.
    rewrite two_more_voters. replace (S m) with (m + 1)%nat by lia.
    (* Exactly m right, or exactly m + 1 right: both are binomial, *)
    replace (exactly (2 * m + 1) m)
      with (INR (choose (2 * m + 1) m) * p ^ m * q ^ (m + 1))
      by (replace (2 * m + 1)%nat with (m + (m + 1))%nat by lia;
          now rewrite exactly_is_binomial).
    replace (exactly (2 * m + 1) (m + 1))
      with (INR (choose (2 * m + 1) (m + 1)) * p ^ (m + 1) * q ^ m)
      by (replace (2 * m + 1)%nat with (m + 1 + m)%nat by lia;
          now rewrite exactly_is_binomial).
    (* with the same binomial coefficient. *)
    rewrite (choose_symmetric (2 * m + 1) (m + 1) m) by lia.
    (* The rest is algebra. *)
    rewrite Rpow_mult_distr, !pow_add. simpl. ring.
  Qed.

  (** So two more voters always help if each is better than a coin and not
      always right.
      (Book: part of thm-majority) *)
  Theorem more_voters_help : forall m, 1 / 2 < p < 1 ->
    majority m < majority (m + 1).
  Proof.
    (* All three factors of the increment are positive. *)
    intros m better. pose proof (majority_increment m) as gain.
    assert (some : (0 < choose (2 * m + 1) m)%nat).
    { apply choose_positive. lia. }
    apply lt_INR in some. change (INR 0) with 0 in some.
    assert (0 < (p * q) ^ (m + 1)) by (apply pow_lt, Rmult_lt_0_compat; lra).
    assert (0 < (2 * p - 1) * INR (choose (2 * m + 1) m) * (p * q) ^ (m + 1))
      by (repeat apply Rmult_lt_0_compat; lra).
    lra.
  Qed.
End Majority.
