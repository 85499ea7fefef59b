(** * Solutions to the exercises "prove it to the machine" *)
From Coq Require Import Arith List Lia.
From Limits Require Import Diagonal Schedules Counting Predictors.
Import ListNotations.

(** [add f h] is the list h with f put in front. *)
Definition add {Y : Type} (f : nat -> Y) (h : nat -> nat -> Y)
    (i k : nat) : Y :=
  match i with 0 => f k | S i => h i k end.

(** A truth that is added to a list is a perfect member of the longer list. *)
Theorem added_truth_is_perfect : forall (Y : Type) (f : nat -> Y) h k,
  add f h 0 k = f k.
Proof.
  (* Entry 0 of the longer list is f, by definition. *)
  intros Y f h k. reflexivity.
Qed.

(** The longer list has a diagonal of its own, on which it fails again. *)
Theorem added_truth_does_not_help : forall f h i,
  diagonal_truth nat Nat.eq_dec 0 1 (add f h) i <> add f h i i.
Proof.
  (* The theorem holds for every list, so for this one. *)
  intros f h i. apply every_model_errs. discriminate.
Qed.

(** The schedule k / 2 does not return to model 0 for ever. *)
Theorem half_does_not_return : ~ infinite (fun k => k / 2 = 0).
Proof.
  (* Suppose it did; ask for a hit at 2 or later. *)
  intro returns. destruct (returns 2) as [k [late hit]].
  (* From 2 on, half of k is at least 1. *)
  assert (2 / 2 <= k / 2) by (apply Nat.div_le_mono; lia).
  rewrite hit in H. simpl in H. lia.
Qed.

(** The schedule k mod 2 aims at model 0 for ever. *)
Theorem parity_returns : infinite (fun k => k mod 2 = 0).
Proof.
  (* After any bound there is the even number 2 * bound. *)
  intro bound. exists (bound * 2). split; [lia |].
  apply Nat.mod_mul. discriminate.
Qed.

(** After j steps a memoriser knows the answers to the questions before j, and
    says y0 otherwise. *)
Definition memoriser {Y : Type} (y0 : Y) (f : nat -> Y) (j k : nat) : Y :=
  if k <? j then f k else y0.

(** A memoriser is right about every question in the end. *)
Theorem memoriser_is_right_in_the_end : forall (Y : Type) (y0 : Y) f j k,
  k < j -> memoriser y0 f j k = f k.
Proof.
  (* The test k < j comes out true. *)
  intros Y y0 f j k before. unfold memoriser.
  apply Nat.ltb_lt in before. rewrite before. reflexivity.
Qed.

(** And yet some truth makes every state of the memoriser err. *)
Theorem but_every_state_errs :
  exists f : nat -> nat, forall j, exists k, memoriser 0 f j k <> f k.
Proof.
  (* A truth that is never 0 will do: state j errs at question j. *)
  exists (fun _ => 1). intro j. exists j. unfold memoriser.
  rewrite Nat.ltb_irrefl. discriminate.
Qed.

(** A predictor that never says anything is never wrong. *)
Theorem silence_is_never_wrong : forall Truth,
  never_wrong Truth (fun _ => None).
Proof.
  (* It gives no answer, so there is no answer to be wrong. *)
  intros Truth p b says. discriminate.
Qed.

(** Three yes-no facts do not fit into two bits. *)
Theorem three_facts_need_eight_models : forall models : list (list bool),
  (forall t, In t (tables bool [true; false] 3) -> In t models) ->
  8 <= length models.
Proof.
  (* The theorem for q = 2 answers and n = 3 facts; 2 ^ 3 is 8. *)
  intros models perfect.
  apply (perfection_needs_room bool Bool.bool_dec [true; false])
    with (n := 3) in perfect.
  - exact perfect.
  - repeat constructor; simpl; intuition discriminate.
Qed.
