(** * Learners that are fed by the very truth that defeats them

    There seems to be a circle: the learner is trained on labels of the truth,
    and the truth depends on what the learner has become. The circle is
    unwound by fixing a label at the moment in which a learner asks for it. *)
From Coq Require Import Arith List Lia.
From Limits Require Import Diagonal Schedules.
Import ListNotations.

Section Learners.
  Variable Y : Type.
  Variable eq_dec : forall a b : Y, {a = b} + {a <> b}.
  Variables y0 y1 : Y.
  Hypothesis two_answers : y0 <> y1.
  Notation other := (other Y eq_dec y0 y1).

  (** A training run: it asks for the label of a question and goes on
      depending on the label, or it is done and yields a model. It ends,
      whatever the labels are; what it asks may depend on all labels before. *)
  Inductive training :=
    | Ask (question : nat) (go_on : Y -> training)
    | Done (model : nat -> Y).

  (** Training on a truth [f]: the questions asked, and the model. *)
  Fixpoint train (f : nat -> Y) (run : training) : list nat * (nat -> Y) :=
    match run with
    | Done model => ([], model)
    | Ask x go_on =>
        let (asked, model) := train f (go_on (f x)) in (x :: asked, model)
    end.

  (** A table of the labels that are fixed so far. *)
  Definition table := list (nat * Y).
  Fixpoint lookup (t : table) (x : nat) : option Y :=
    match t with
    | [] => None
    | (z, y) :: rest => if Nat.eqb z x then Some y else lookup rest x
    end.

  (** Training on a table: a question without label is given the label y0. *)
  Fixpoint train_on_table (t : table) (run : training) : table * (nat -> Y) :=
    match run with
    | Done model => (t, model)
    | Ask x go_on =>
        match lookup t x with
        | Some y => train_on_table t (go_on y)
        | None => train_on_table ((x, y0) :: t) (go_on y0)
        end
    end.

  (** A stage: train, then contradict the model at the first question without
      label. *)
  Definition unlabelled (t : table) : nat := first_absent (map fst t).
  Definition stage (t : table) (run : training) : table :=
    let (t, model) := train_on_table t run in
    let x := unlabelled t in (x, other (model x)) :: t.

  (** The learners are listed, the training runs of each of them too; Cantor's
      schedule returns to each entry of the list for ever. *)
  Variable runs : nat -> training.
  Fixpoint built (n : nat) : table :=
    match n with 0 => [] | S n => stage (built n) (runs (cantor_turn n)) end.

  (** The truth: the label of question x is in the table from stage x on. *)
  Definition truth (x : nat) : Y :=
    match lookup (built (S x)) x with Some y => y | None => y0 end.

  (** ** Labels are never changed *)
  Definition extends (t u : table) : Prop :=
    forall x y, lookup t x = Some y -> lookup u x = Some y.

  Lemma lookup_none : forall t x, lookup t x = None <-> ~ In x (map fst t).
  Proof.
    induction t as [| [z y] t IH]; intro x; simpl; [tauto |].
    destruct (Nat.eqb_spec z x) as [same | different].
    - split; [discriminate | tauto].
    - rewrite IH. tauto.
  Qed.

  Lemma extends_new : forall t x y, lookup t x = None ->
    extends t ((x, y) :: t).
  Proof.
    intros t x y new z v known. simpl.
    destruct (Nat.eqb_spec x z) as [<- | _]; [congruence | exact known].
  Qed.

  Lemma unlabelled_spec : forall t, lookup t (unlabelled t) = None.
  Proof. intro t. apply lookup_none. apply first_absent_spec. Qed.

  Lemma training_extends : forall run t,
    extends t (fst (train_on_table t run)).
  Proof.
    induction run as [x go_on IH | model]; intro t; simpl.
    - destruct (lookup t x) as [y |] eqn:label; [apply IH |].
      intros z v known. apply IH. apply extends_new; assumption.
    - intros z v known. exact known.
  Qed.

  Lemma stage_extends : forall t run, extends t (stage t run).
  Proof.
    intros t run z v known. apply (training_extends run) in known.
    unfold stage.
    destruct (train_on_table t run) as [u model]. simpl in known.
    apply extends_new; [apply unlabelled_spec | exact known].
  Qed.

  Lemma built_extends : forall m n, m <= n -> extends (built m) (built n).
  Proof.
    intros m n le z v known. induction le as [| n _ IH]; [exact known |].
    simpl. apply stage_extends. exact IH.
  Qed.

  (** ** After n stages the questions before n have labels *)
  Lemma all_labelled : forall n x, x < n -> lookup (built n) x <> None.
  Proof.
    induction n as [| n IH]; intros x before; [lia |]. simpl. unfold stage.
    pose proof (training_extends (runs (cantor_turn n)) (built n)) as kept.
    destruct (train_on_table (built n) (runs (cantor_turn n))) as [t model].
    simpl in kept.
    assert (old : forall z, z < n -> In z (map fst t)).
    { intros z small.
      destruct (lookup (built n) z)
        as [y |] eqn:label; [| now elim (IH z small)].
      destruct (in_dec Nat.eq_dec z (map fst t)) as [yes | no]; [exact yes |].
      apply lookup_none in no. rewrite (kept z y label) in no. discriminate. }
    simpl.
    destruct (Nat.eqb_spec (unlabelled t) x)
      as [_ | elsewhere]; [discriminate |].
    intro none. apply lookup_none in none. apply none.
    destruct (first_absent_spec (map fst t)) as [_ below].
    destruct (le_lt_dec n x) as [late | early]; [| exact (old x early)].
    (* x = n, and the first question without label is neither before n nor n
       itself. *)
    destruct (lt_eq_lt_dec x (unlabelled t)) as [[less | equal] | more].
    - exact (below x less).
    - now elim elsewhere.
    - exfalso. apply (proj1 (first_absent_spec (map fst t))). apply old.
      unfold unlabelled in more. lia.
  Qed.

  (** So the truth agrees with every table that is built. *)
  Lemma truth_agrees : forall n x y, lookup (built n) x = Some y ->
    truth x = y.
  Proof.
    intros n x y label. unfold truth.
    destruct (lookup (built (S x)) x) as [z |] eqn:own.
    - apply (built_extends n (Nat.max n (S x))) in label; [| lia].
      apply (built_extends (S x) (Nat.max n (S x))) in own; [| lia].
      congruence.
    - exfalso. exact (all_labelled (S x) x (Nat.lt_succ_diag_r x) own).
  Qed.

  (** Training on the finished truth is training on the table of its stage. *)
  Lemma same_training : forall run t,
    (forall x y, lookup (fst (train_on_table t run)) x = Some y ->
      truth x = y) ->
    snd (train truth run) = snd (train_on_table t run) /\
    forall x, In x (fst (train truth run)) ->
      lookup (fst (train_on_table t run)) x <> None.
  Proof.
    induction run as [x go_on IH | model]; intros t agree.
    - simpl in agree |- *.
      assert (step : exists u, lookup u x = Some (truth x) /\
        (match lookup t x with
         | Some y => train_on_table t (go_on y)
         | None => train_on_table ((x, y0) :: t) (go_on y0)
         end) = train_on_table u (go_on (truth x))).
      { destruct (lookup t x) as [y |] eqn:label.
        - assert (truth x = y) as ->
            by (apply agree, training_extends, label).
          exists t. split; [exact label | reflexivity].
        - assert (new : lookup ((x, y0) :: t) x = Some y0)
            by (simpl; now rewrite Nat.eqb_refl).
          assert (truth x = y0) as -> by (apply agree, training_extends, new).
          exists ((x, y0) :: t). split; [exact new | reflexivity]. }
      destruct step as [u [label same]]. rewrite same in agree |- *.
      destruct (IH (truth x) u agree) as [model_same asked_known].
      destruct (train truth (go_on (truth x))) as [asked model]. simpl in *.
      split; [exact model_same |]. intros z [<- | later].
      + rewrite (training_extends (go_on (truth x)) u x (truth x) label).
        discriminate.
      + exact (asked_known z later).
    - split; [reflexivity | intros x []].
  Qed.

  (** One truth on which every learner, trained on that same truth for as long
      as you like, errs at infinitely many questions that it never asked.
      (Book: thm-learners) *)
  Theorem learners_err : forall i,
    let (asked, model) := train truth (runs i) in
    infinite (fun x => ~ In x asked /\ model x <> truth x).
  Proof.
    (* Take training run i, and what comes out of training on the truth. *)
    intro i. destruct (train truth (runs i)) as [asked model] eqn:trained.
    (* Take any bound: the schedule returns to i at some later stage n. *)
    intro bound. destruct (cantor_returns i bound) as [n [late hit]].
    (* Stage n trained the same run on its table ... *)
    pose proof (truth_agrees (S n)) as agree. simpl in agree.
    rewrite hit in agree.
    pose proof (all_labelled n) as labelled.
    pose proof (training_extends (runs i) (built n)) as kept.
    pose proof (same_training (runs i) (built n)) as same.
    unfold stage in agree.
    destruct (train_on_table (built n) (runs i)) as [t stage_model].
    simpl in *.
    set (x := unlabelled t) in *.
    assert (fresh : lookup t x = None) by apply unlabelled_spec.
    (* ... and it did the same as on the truth: same model, and x was not
       asked. *)
    rewrite trained in same. simpl in same. destruct same as [-> known].
    { intros z y label. apply agree.
      destruct (Nat.eqb_spec x z) as [<- | _]; congruence. }
    (* The error is at x, the question that stage n has chosen. *)
    exists x. repeat split.
    - (* x is not before n, since the questions before n had labels. *)
      destruct (le_lt_dec n x) as [after | before]; [lia |]. exfalso.
      destruct (lookup (built n) x)
        as [y |] eqn:label; [| exact (labelled x before label)].
      rewrite (kept x y label) in fresh. discriminate.
    - (* It was not asked: what is asked has a label. *)
      intro there. exact (known x there fresh).
    - (* The label of x was made to contradict the model. *)
      rewrite (agree x (other (stage_model x))) by now rewrite Nat.eqb_refl.
      intro equal.
      apply (other_differs Y eq_dec y0 y1 two_answers (stage_model x)).
      symmetry. exact equal.
  Qed.
End Learners.
