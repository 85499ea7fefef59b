(** * Questions that no program decides: finitely many errors, and silence

    [Truth] is the question, for instance "does program p halt?". A predictor
    is a Coq function; without axioms each such function can be run. *)
From Coq Require Import Arith List Lia Bool.
Import ListNotations.

Section Predictors.
  Variable Truth : nat -> Prop.

  Definition right_at (h : nat -> bool) (p : nat) : Prop := h p = true <->
    Truth p.
  Definition decides (h : nat -> bool) : Prop := forall p, right_at h p.
  Definition undecidable : Prop := ~ exists h, decides h.

  (** A table of corrections: pairs (question, answer). *)
  Fixpoint lookup (table : list (nat * bool)) (p : nat) : option bool :=
    match table with
    | [] => None
    | (q, b) :: rest => if Nat.eqb q p then Some b else lookup rest p
    end.

  Definition patch
      (h : nat -> bool) (table : list (nat * bool)) (p : nat) : bool :=
    match lookup table p with Some b => b | None => h p end.

  Definition correct_table (table : list (nat * bool)) : Prop :=
    forall q b, In (q, b) table -> (b = true <-> Truth q).

  Lemma lookup_some : forall table p b, lookup table p = Some b ->
    In (p, b) table.
  Proof.
    induction table as [| [q c] rest IH]; simpl; intros p b found;
      [discriminate |].
    destruct (Nat.eqb_spec q p) as [-> | _].
    - injection found as ->. left. reflexivity.
    - right. apply IH. exact found.
  Qed.

  Lemma lookup_none : forall table p, lookup table p = None ->
    ~ In p (map fst table).
  Proof.
    induction table as [| [q c] rest IH]; simpl; intros p none; [tauto |].
    destruct (Nat.eqb_spec q p) as [_ | other]; [discriminate |].
    intros [same | later]; [exact (other same) | exact (IH p none later)].
  Qed.

  (** A predictor whose errors all stand in a table of corrections can be
    corrected.
      (Book: part of thm-halting-errors) *)
  Theorem patched_decides : forall h table,
    correct_table table ->
    (forall p, ~ In p (map fst table) -> right_at h p) ->
    decides (patch h table).
  Proof.
    (* Take a predictor, a correct table, and any question p. *)
    intros h table correct elsewhere p. unfold right_at, patch.
    (* Does the table have an entry for p? *)
    destruct (lookup table p) as [b |] eqn:entry.
    - (* Yes: the entry is correct. *)
      apply correct. apply lookup_some. exact entry.
    - (* No: then the predictor itself is right. *)
      apply elsewhere. apply lookup_none. exact entry.
  Qed.

  (** The paper takes the table of corrections for granted. It exists, but
      nobody need be able to compute it; all we get is that it cannot fail
      to exist, and that is enough. *)
  Lemma table_exists : forall errors : list nat,
    ~ ~ exists table, map fst table = errors /\ correct_table table.
  Proof.
    induction errors as [| q errors IH]; intro none.
    - apply none. exists []. split; [reflexivity | intros ? ? []].
    - apply IH. intros [table [names correct]].
      assert (add : forall b, (b = true <-> Truth q) -> False).
      { intros b entry. apply none. exists ((q, b) :: table). split.
        - simpl. rewrite names. reflexivity.
        - intros q' b' [equal | later].
          + injection equal as <- <-. exact entry.
          + apply correct. exact later. }
      apply (add false). split; [discriminate |].
      intro yes. exfalso. apply (add true). tauto.
  Qed.

  (** Theorem 3: no finite list contains all errors of a predictor.
      (Book: part of thm-halting-errors) *)
  Theorem errors_are_not_finite : undecidable -> forall h errors,
    ~ (forall p, ~ In p errors -> right_at h p).
  Proof.
    (* Suppose all errors of the predictor h stood in a finite list. *)
    intros hard h errors finite.
    (* There is a table with the right answers to these questions ... *)
    apply (table_exists errors). intros [table [names correct]].
    (* ... and the predictor that looks up this table first decides the
       question. *)
    apply hard. exists (patch h table).
    apply patched_decides; [exact correct |]. rewrite names. exact finite.
  Qed.

  (** ** Predictors that may abstain *)
  Definition never_wrong (h : nat -> option bool) : Prop :=
    forall p b, h p = Some b -> (b = true <-> Truth p).

  (** A decision for each question in a list, put together: "p is in the
      list". *)
  Definition listed (l : list nat) (p : nat) : bool := existsb (Nat.eqb p) l.

  Lemma listed_spec : forall l p, listed l p = true <-> In p l.
  Proof.
    intros l p. unfold listed. rewrite existsb_exists. split.
    - intros [q [there equal]]. apply Nat.eqb_eq in equal. now subst.
    - intro there. exists p. split; [exact there | apply Nat.eqb_refl].
  Qed.

  (** A predictor that is never wrong is silent on infinitely many questions
      with the answer yes: no finite list contains exactly these.
      (Book: part of thm-abstention) *)
  Theorem silent_on_yes : undecidable -> forall h, never_wrong h -> forall l,
    ~ (forall p, In p l <-> h p = None /\ Truth p).
  Proof.
    (* Suppose a finite list held them. *)
    intros hard h honest l finite.
    (* Answer as h does and, where h is silent, look into the list. *)
    apply hard.
    exists (fun p => match h p with Some b => b | None => listed l p end).
    intro p. unfold right_at. destruct (h p) as [b |] eqn:says.
    - exact (honest p b says).
    - rewrite listed_spec, finite, says. tauto.
  Qed.

  (** It is silent on infinitely many questions with the answer no,
    too. The premise "every question
      has an answer" is needed here, since Coq does not take it for granted.
      (Book: part of thm-abstention) *)
  Theorem silent_on_no : undecidable -> (forall p, Truth p \/ ~ Truth p) ->
    forall h, never_wrong h -> forall l,
    ~ (forall p, In p l <-> h p = None /\ ~ Truth p).
  Proof.
    (* Suppose a finite list held them. *)
    intros hard answered h honest l finite.
    (* Answer as h does and, where h is silent, say yes unless the list has
       p. *)
    apply hard.
    exists (fun p => match h p with Some b => b | None => negb
      (listed l p) end).
    intro p. unfold right_at. destruct (h p) as [b |] eqn:says.
    - exact (honest p b says).
    - rewrite negb_true_iff, <- not_true_iff_false, listed_spec, finite, says.
      destruct (answered p); tauto.
  Qed.
End Predictors.
