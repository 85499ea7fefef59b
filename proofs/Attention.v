(** * Attention: bounded scores are spread thin

    Key [j] has the score [z j], and the softmax gives it the weight
    e^(z j) / (e^(z 0) + ... + e^(z (n-1))). *)
From Coq Require Import Reals Lra Lia Arith.
Local Open Scope R_scope.

(** x 0 + ... + x (n-1) *)
Fixpoint total (x : nat -> R) (n : nat) : R :=
  match n with O => 0 | S m => total x m + x m end.

Definition weight (z : nat -> R) (n i : nat) : R :=
  exp (z i) / total (fun j => exp (z j)) n.

(** All pairs of scores differ by at most [r]. *)
Definition within (r : R) (z : nat -> R) (n : nat) : Prop :=
  forall i j, (i < n)%nat -> (j < n)%nat -> z j - z i <= r.

Lemma exp_le : forall u v, u <= v -> exp u <= exp v.
Proof.
  intros u v [less | ->].
  - left. apply exp_increasing. exact less.
  - right. reflexivity.
Qed.

(** If all numbers but number [i] lie between [low] and [high], then so do,
    on average, the n - 1 others in the sum. *)
Lemma total_but_one : forall x n i low high, (i < n)%nat ->
  (forall j, (j < n)%nat -> j <> i -> low <= x j <= high) ->
  x i + (INR n - 1) * low <= total x n <= x i + (INR n - 1) * high.
Proof.
  intros x n i low high. revert i.
  induction n as [| n IH]; intros i inside range; [lia |].
  rewrite S_INR. cbn [total]. destruct (Nat.eq_dec i n) as [-> | before].
  - (* Number i is the last one: all numbers before it are in the range. *)
    assert (all : forall m, (m <= n)%nat ->
      INR m * low <= total x m <= INR m * high).
    { induction m as [| m IHm]; intro le; [simpl; lra |].
      rewrite S_INR. cbn [total].
      assert (INR m * low <= total x m <= INR m * high) by (apply IHm; lia).
      assert (low <= x m <= high) by (apply range; lia). lra. }
    pose proof (all n (Nat.le_refl n)). lra.
  - (* Number i comes before: the last one is in the range. *)
    assert (x i + (INR n - 1) * low <= total x n <= x i + (INR n - 1) * high)
      by (apply IH; [lia | intros j less other; apply range; lia]).
    assert (low <= x n <= high) by (apply range; lia). lra.
Qed.

(** 1 / weight lies between 1 + (n-1) e^(-r) and 1 + (n-1) e^r, written
    without division. *)
Lemma total_sandwich : forall r z n i, (i < n)%nat -> within r z n ->
  exp (z i) * (1 + (INR n - 1) * exp (- r)) <= total (fun j => exp (z j)) n <=
  exp (z i) * (1 + (INR n - 1) * exp r).
Proof.
  intros r z n i inside range.
  pose proof (total_but_one (fun j => exp (z j)) n i
                (exp (z i) * exp (- r)) (exp (z i) * exp r) inside) as between.
  cbv beta in between. rewrite <- !exp_plus in between.
  assert (each : forall j, (j < n)%nat -> j <> i ->
    exp (z i + - r) <= exp (z j) <= exp (z i + r)).
  { intros j less _. pose proof (range i j inside less).
    pose proof (range j i less inside).
    split; apply exp_le; lra. }
  apply between in each. rewrite !exp_plus in each. lra.
Qed.

Lemma others_exist : forall n i, (i < n)%nat -> INR n - 1 >= 0.
Proof.
  intros n i inside. assert (INR 1 <= INR n) by (apply le_INR; lia).
  simpl in *. lra.
Qed.

Lemma inverse_of_product : forall a b, a > 0 -> b > 0 -> a / (a * b) = 1 / b.
Proof. intros a b pa pb. field. lra. Qed.

Lemma share_antitone : forall a u v, a > 0 -> 0 < u <= v -> a / v <= a / u.
Proof.
  intros a u v pos [posu le]. unfold Rdiv. apply Rmult_le_compat_l; [lra |].
  apply Rinv_le_contravar; lra.
Qed.

(** The dispersion sandwich: with scores in a range [r], each of [n] keys has
    a weight of the order 1/n.
    (Book: part of thm-dispersion) *)
Theorem dispersion : forall r z n i, (i < n)%nat -> within r z n ->
  1 / (1 + (INR n - 1) * exp r) <= weight z n i <=
    1 / (1 + (INR n - 1) * exp (- r)).
Proof.
  (* Take scores within the range r, and one of the keys. *)
  intros r z n i inside range. unfold weight.
  (* The sum of all e^(z j) lies between two multiples of e^(z i). *)
  pose proof (total_sandwich r z n i inside range) as [low high].
  (* All numbers here are positive. *)
  assert (some : INR n - 1 >= 0) by (apply others_exist with i; exact inside).
  pose proof (exp_pos (z i)). pose proof (exp_pos r).
  pose proof (exp_pos (- r)).
  assert (0 <= (INR n - 1) * exp r) by (apply Rmult_le_pos; lra).
  assert (0 <= (INR n - 1) * exp (- r)) by (apply Rmult_le_pos; lra).
  assert (0 < exp (z i) * (1 + (INR n - 1) * exp (- r)))
    by (apply Rmult_lt_0_compat; lra).
  (* Divide e^(z i) by all three: a larger sum, a smaller share. *)
  split.
  - rewrite <- (inverse_of_product (exp (z i))) by lra.
    apply share_antitone; lra.
  - rewrite <- (inverse_of_product (exp (z i))) by lra.
    apply share_antitone; lra.
Qed.

(** So a weight [p] is possible only in a context of limited length.
    (Book: part of thm-dispersion) *)
Theorem context_limit : forall r z n i p, (i < n)%nat -> within r z n ->
  0 < p <= weight z n i -> INR n <= 1 + exp r * ((1 - p) / p).
Proof.
  (* Take scores within the range r, and a key of weight at least p. *)
  intros r z n i p inside range [pos heavy].
  (* By the theorem, p is at most 1 / (1 + (n-1) e^(-r)). *)
  pose proof (dispersion r z n i inside range) as [_ upper].
  assert (some : INR n - 1 >= 0) by (apply others_exist with i; exact inside).
  pose proof (exp_pos r) as er. pose proof (exp_pos (- r)) as em.
  assert (0 <= (INR n - 1) * exp (- r)) by (apply Rmult_le_pos; lra).
  assert (bound : p <= 1 / (1 + (INR n - 1) * exp (- r))) by lra.
  (* Multiply by the denominator, *)
  apply (Rmult_le_compat_r (1 + (INR n - 1) * exp (- r))) in bound; [| lra].
  replace (1 / (1 + (INR n - 1) * exp (- r)) *
           (1 + (INR n - 1) * exp (- r))) with 1 in bound
    by (field; lra).
  (* and by e^r: then e^(-r) is gone. *)
  assert (one : exp r * exp (- r) = 1)
    by (rewrite <- exp_plus; replace (r + - r) with 0 by ring; apply exp_0).
  assert (less : p * (INR n - 1) <= exp r * (1 - p)).
  { replace (p * (INR n - 1)) with (exp r * (p * ((INR n - 1) * exp (- r))))
      by (replace (exp r * (p * ((INR n - 1) * exp (- r))))
        with (exp r * exp (- r) * (p * (INR n - 1))) by ring;
          rewrite one; ring).
    apply Rmult_le_compat_l; lra. }
  (* Divide by p. *)
  apply Rmult_le_reg_l with p; [exact pos |].
  replace (p * (1 + exp r * ((1 - p) / p))) with (p + exp r * (1 - p))
    by (field; lra). lra.
Qed.

(** The upper bound is attained: one key ahead of all others by [r].
    (Book: part of thm-dispersion) *)
Theorem upper_bound_attained : forall r n i, (i < n)%nat ->
  weight (fun j => if Nat.eqb j i then r else 0) n i =
    1 / (1 + (INR n - 1) * exp (- r)).
Proof.
  (* The other n - 1 keys contribute e^0 = 1 each. *)
  intros r n i inside. unfold weight. rewrite Nat.eqb_refl.
  pose proof (total_but_one (fun j => exp (if Nat.eqb j i then r else 0))
                n i 1 1 inside) as sum.
  cbv beta in sum. rewrite Nat.eqb_refl in sum.
  assert (others : forall j, (j < n)%nat -> j <> i ->
    1 <= exp (if Nat.eqb j i then r else 0) <= 1).
  { intros j _ other. apply Nat.eqb_neq in other. rewrite other, exp_0. lra. }
  apply sum in others.
  (* So the sum is e^r + (n - 1). *)
  replace (total (fun j => exp (if Nat.eqb j i then r else 0)) n)
    with (exp r + (INR n - 1)) by lra.
  assert (some : INR n - 1 >= 0) by (apply others_exist with i; exact inside).
  pose proof (exp_pos r). pose proof (exp_pos (- r)).
  assert (0 <= (INR n - 1) * exp (- r)) by (apply Rmult_le_pos; lra).
  (* Divide numerator and denominator by e^r. *)
  rewrite exp_Ropp in *. field. repeat split; try lra.
Qed.
