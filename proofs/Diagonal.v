(** * Diagonals: each list of models has a truth on which all of them err

    A model is a number [i]; its answer to question [k] is [h i k].
    The truths below are programs, and no axiom is used. So "there is a
    computable truth" needs no further proof. *)
From Coq Require Import Arith List Lia.
From Coq Require Cantor.
Import ListNotations.

Section Diagonal.
  Variable Y : Type.                                        (* the answers *)
  Variable eq_dec : forall a b : Y, {a = b} + {a <> b}.
  Variables y0 y1 : Y.
  Hypothesis two_answers : y0 <> y1.

  (** An answer other than [y]. *)
  Definition other (y : Y) : Y := if eq_dec y y0 then y1 else y0.

  (** The answer chosen by [other] is never the one it was given. *)
  Lemma other_differs : forall y, other y <> y.
  Proof.
    (* Take any answer y. *)
    intro y.
    (* By definition, [other y] is y1 if y is y0, and y0 if it is not. *)
    unfold other.
    (* Is y the answer y0? There are two cases. *)
    destruct (eq_dec y y0) as [same | different].
    - (* First case: yes. Then [other y] is y1 ... *)
      rewrite same.
      (* ... and y1 differs from y0, because there are two answers. *)
      intro equal. apply two_answers. symmetry. exact equal.
    - (* Second case: no. Then [other y] is y0, and y was not y0. *)
      intro equal. apply different. symmetry. exact equal.
  Qed.

  (** The truth that walks down the diagonal. *)
  Definition diagonal_truth (h : nat -> nat -> Y) (k : nat) : Y :=
    other (h k k).

  (** Every model of the list errs at its own question.
      (Book: thm-diagonal) *)
  Theorem every_model_errs : forall h i, diagonal_truth h i <> h i i.
  Proof.
    (* Take any list h and the model with number i. *)
    intros h i.
    (* At question i the truth is [other] of what model i says. *)
    unfold diagonal_truth.
    (* And [other] never gives back what it was given. *)
    apply other_differs.
  Qed.

  (** Training states: [g i j k] is what model [i] says after [j] steps of its
      training. Cantor's numbering makes one list of all pairs (i, j). *)
  Definition all_states (g : nat -> nat -> nat -> Y) (n k : nat) : Y :=
    let (i, j) := Cantor.of_nat n in g i j k.

  (** One truth on which every model errs in every state of its training.
      (Book: thm-diagonal) *)
  Theorem every_state_errs : forall g : nat -> nat -> nat -> Y,
    exists f : nat -> Y, forall i j, exists k, f k <> g i j k.
  Proof.
    (* Take any family g of models with their training states. *)
    intro g.
    (* The truth: the diagonal of the list of all states. *)
    exists (diagonal_truth (all_states g)).
    (* Take model i after j steps of training. *)
    intros i j.
    (* It errs at the question that has the number of the pair (i, j). *)
    exists (Cantor.to_nat (i, j)).
    (* That entry of the list errs there: this is the theorem above. *)
    pose proof (every_model_errs (all_states g) (Cantor.to_nat (i, j)))
      as errs.
    (* And that entry of the list is the state (i, j) of g. *)
    unfold all_states in errs at 2. rewrite Cantor.cancel_of_to in errs.
    (* Nothing is left to show. *)
    exact errs.
  Qed.

  (** No list contains all functions, whatever program makes the list.
      (Book: prop-not-enumerable) *)
  Theorem no_complete_list :
    ~ exists h : nat -> nat -> Y, forall f, exists i, forall k, h i k = f k.
  Proof.
    (* Suppose there were such a list h. *)
    intros [h complete].
    (* The diagonal truth would stand in it, say as number i. *)
    destruct (complete (diagonal_truth h)) as [i equal].
    (* But entry i differs from it at question i. *)
    apply (every_model_errs h i). symmetry. apply equal.
  Qed.

  (** The order of "for every" and "there is" matters: for every truth some
      model is perfect, so no single truth defeats all models.
      (Book: prop-not-enumerable) *)
  Theorem each_truth_has_a_perfect_model :
    forall f : nat -> Y, exists h : nat -> Y, forall k, h k = f k.
  Proof.
    (* The truth itself is such a model. *)
    intro f. exists f. reflexivity.
  Qed.
End Diagonal.

(** ** When answers are free text: infinitely many answers, here numbers *)

(** How many of the questions 0, ..., n-1 pass a test. *)
Fixpoint count (test : nat -> bool) (n : nat) : nat :=
  match n with
  | 0 => 0
  | S k => count test k + if test k then 1 else 0
  end.

(** Is the number [y] in the list? *)
Definition taken (l : list nat) (y : nat) : bool := existsb (Nat.eqb y) l.

Lemma taken_spec : forall l y, taken l y = true <-> In y l.
Proof.
  intros l y. unfold taken. rewrite existsb_exists. split.
  - intros [z [there equal]]. apply Nat.eqb_eq in equal. rewrite equal.
    exact there.
  - intro there. exists y. split; [exact there | apply Nat.eqb_refl].
Qed.

(** The first number that is not in the list. *)
Fixpoint search (l : list nat) (from fuel : nat) : nat :=
  match fuel with
  | 0 => from
  | S fuel => if taken l from then search l (S from) fuel else from
  end.
Definition first_absent (l : list nat) : nat := search l 0 (length l).

Lemma search_stops : forall l fuel from,
  (forall y, y < from -> In y l) ->
  (forall y, y < search l from fuel -> In y l) /\
  (In (search l from fuel) l -> forall y, y <= from + fuel -> In y l).
Proof.
  intros l. induction fuel as [| fuel IH]; intros from below; simpl.
  - split; [exact below |]. intros there y small.
    destruct (Nat.eq_dec y from) as [-> | other].
    + exact there.
    + apply below. lia.
  - destruct (taken l from) eqn:full.
    + apply taken_spec in full. destruct (IH (S from)) as [low high].
      * intros y small.
        destruct (Nat.eq_dec y from) as [-> | other]; [exact full |].
        apply below. lia.
      * split; [exact low |]. intros there y small.
        apply high; [exact there | lia].
    + split; [exact below |]. intro there. apply taken_spec in there.
      rewrite full in there. discriminate.
Qed.

Lemma length_of_seq : forall n from, length (seq from n) = n.
Proof.
  induction n as [| n IH]; intro from; simpl; [| rewrite IH]; reflexivity.
Qed.

(** It is not in the list, and every smaller number is. *)
Lemma first_absent_spec : forall l,
  ~ In (first_absent l) l /\ forall y, y < first_absent l -> In y l.
Proof.
  intro l. destruct (search_stops l (length l) 0) as [low high]; [lia |].
  split; [| exact low]. intro there.
  (* Otherwise 0, ..., length l would all be in the list: one number too
     many. *)
  assert (all : incl (seq 0 (S (length l))) l).
  { intros y inside. apply in_seq in inside. apply (high there). lia. }
  pose proof (NoDup_incl_length (seq_NoDup (S (length l)) 0) all) as crowd.
  rewrite length_of_seq in crowd. lia.
Qed.

(** At question k the truth avoids the answers of the models 0, ..., k. *)
Definition open_truth (h : nat -> nat -> nat) (k : nat) : nat :=
  first_absent (map (fun i => h i k) (seq 0 (S k))).

(** With infinitely many answers, model [i] errs at every question from [i]
    on.
    (Book: thm-open-answers) *)
Theorem wrong_from_then_on : forall h i k, i <= k -> open_truth h k <> h i k.
Proof.
  (* Take a question k whose turn is not before that of model i. *)
  intros h i k turn.
  (* Suppose the truth were what model i says. *)
  intro equal.
  (* The truth avoids a list of answers ... *)
  apply (proj1 (first_absent_spec (map (fun i => h i k) (seq 0 (S k))))).
  (* ... in which the answer of model i stands. *)
  fold (open_truth h k). rewrite equal.
  apply (in_map (fun i => h i k)). apply in_seq. lia.
Qed.

(** So model [i] is right at most [i] times, among however many questions.
    (Book: thm-open-answers) *)
Theorem right_at_most_i_times : forall h i n,
  count (fun k => Nat.eqb (open_truth h k) (h i k)) n <= i.
Proof.
  intros h i n.
  (* Stronger: among the first n questions it is right at most min(n, i)
     times. *)
  enough (count (fun k => Nat.eqb (open_truth h k) (h i k)) n <=
    Nat.min n i) by lia.
  induction n as [| n IH]; [simpl; lia |]. simpl count.
  destruct (Nat.eqb_spec (open_truth h n) (h i n))
    as [right | wrong]; [| lia].
  (* It is right at question n: then n is before i. *)
  destruct (le_lt_dec i n) as [late | early]; [| lia].
  exfalso. exact (wrong_from_then_on h i n late right).
Qed.
