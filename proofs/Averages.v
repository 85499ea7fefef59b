(** * Averages: adding the next best passage never raises the mean score *)
From Coq Require Import Reals Lra Lia.
Local Open Scope R_scope.

(** x 0 + ... + x (n-1), and the mean of these n numbers. *)
Fixpoint total (x : nat -> R) (n : nat) : R :=
  match n with O => 0 | S m => total x m + x m end.
Definition mean (x : nat -> R) (n : nat) : R := total x n / INR n.

(** Best first: later scores are not higher. *)
Definition ranked (x : nat -> R) : Prop :=
  forall i j, (i <= j)%nat -> x j <= x i.

(** The mean of the first n is at least the next score. *)
Lemma next_is_not_above : forall x n, ranked x -> INR n * x n <= total x n.
Proof.
  intros x n best_first.
  assert (all : forall m, (m <= n)%nat -> INR m * x n <= total x m).
  { induction m as [| m IH]; intro le; [simpl; lra |].
    rewrite S_INR. cbn [total].
    assert (INR m * x n <= total x m) by (apply IH; lia).
    assert (x n <= x m) by (apply best_first; lia). lra. }
  apply all. lia.
Qed.

(** One more passage changes the mean by (next score - mean) / (n + 1). *)
Lemma mean_step : forall x n, (1 <= n)%nat ->
  mean x (S n) - mean x n = (x n - mean x n) / INR (S n).
Proof.
  intros x n one. unfold mean. cbn [total]. rewrite S_INR.
  assert (0 < INR n) by (apply lt_0_INR; lia). field. lra.
Qed.

(** The mean score of the k best passages never rises with k.
    (Book: part of thm-ranking-prefix) *)
Theorem prefix_means_fall : forall x n,
  ranked x -> (1 <= n)%nat -> mean x (S n) <= mean x n.
Proof.
  (* Take ranked scores and at least one passage. *)
  intros x n best_first one.
  (* The change of the mean is known. *)
  pose proof (mean_step x n one) as change.
  (* The next score is at most the mean ... *)
  assert (positive : 0 < INR n) by (apply lt_0_INR; lia).
  assert (below : x n <= mean x n).
  { unfold mean. apply Rmult_le_reg_l with (INR n); [exact positive |].
    replace (INR n * (total x n / INR n)) with (total x n) by (field; lra).
    apply next_is_not_above. exact best_first. }
  (* ... so the change is not positive. *)
  assert (0 < / INR (S n)) by (apply Rinv_0_lt_compat, lt_0_INR; lia).
  unfold Rdiv in change.
  assert (0 <= (mean x n - x n) * / INR (S n)) by (apply Rmult_le_pos; lra).
  lra.
Qed.
