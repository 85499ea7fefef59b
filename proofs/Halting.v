(** * Halting, for a small language

    A WHILE language whose only variable, [It], holds a binary tree (after
    N. D. Jones, Computability and Complexity, MIT Press 1997). *)
From Coq Require Import Setoid.

Inductive tree := leaf | node (a b : tree).

Inductive expr :=
  | It                                  (* the value of the variable   *)
  | Const (t : tree)                    (* a tree that is written down *)
  | Node (e f : expr) | Left (e : expr) | Right (e : expr).

Inductive cmd :=
  | Put (e : expr)                      (* It := e                     *)
  | Seq (c d : cmd)                     (* c; d                        *)
  | While (e : expr) (c : cmd).         (* while e is no leaf do c     *)

Fixpoint eval (it : tree) (e : expr) : tree :=
  match e with
  | It => it
  | Const t => t
  | Node e f => node (eval it e) (eval it f)
  | Left e => match eval it e with node a _ => a | leaf => leaf end
  | Right e => match eval it e with node _ b => b | leaf => leaf end
  end.

(** [run c s t]: on input [s] the program [c] stops with output [t]. *)
Inductive run : cmd -> tree -> tree -> Prop :=
  | run_put e s : run (Put e) s (eval s e)
  | run_seq c d s t u : run c s t -> run d t u -> run (Seq c d) s u
  | run_exit e c s : eval s e = leaf -> run (While e c) s s
  | run_loop e c s t u :
      eval s e <> leaf -> run c s t -> run (While e c) t u ->
        run (While e c) s u.

Definition halts (c : cmd) (input : tree) : Prop :=
  exists output, run c input output.

Lemma one_output : forall c s t, run c s t -> forall u, run c s u -> t = u.
Proof.
  induction 1
    as [| c d s t u _ IHc _ IHd | e c s stop | e c s t u go _ IHc _ IHw];
    intros v other; inversion other; subst; try reflexivity;
    try contradiction.
  - apply IHd. erewrite IHc; eassumption.
  - apply IHw. erewrite IHc; eassumption.
Qed.

(** A sequence stops if its first part stops and its second part stops on the
    result. *)
Lemma seq_halts : forall c d s t,
  run c s t -> (halts (Seq c d) s <-> halts d t).
Proof.
  intros c d s t first. split; intros [u all].
  - inversion all as [| ? ? ? v ? part rest | |]; subst.
    exists u. rewrite (one_output c s t first v part). exact rest.
  - exists u. exact (run_seq c d s t u first all).
Qed.

(** Stop on a leaf, loop for ever on anything else. *)
Definition spin : cmd := While It (Put It).

Lemma spin_halts : forall s, halts spin s <-> s = leaf.
Proof.
  intro s. split.
  - intros [t stops]. remember spin as c eqn:which. revert which.
    induction stops as [| | e c s stop | e c s t u go step _ loop IH];
      intro which;
      try discriminate; injection which as -> ->; [exact stop |].
    inversion step; subst. apply IH. reflexivity.
  - intros ->. exists leaf. apply run_exit. reflexivity.
Qed.

(** The program [d] says, about a question, "yes" (any node) or "no" (the
    leaf). *)
Definition says_yes (d : cmd) (question : tree) : Prop :=
  exists reply, run d question reply /\ reply <> leaf.
Definition says_no (d : cmd) (question : tree) : Prop := run d question leaf.
Definition always_answers (d : cmd) : Prop :=
  forall question, halts d question.

(** Ask [d], then do the opposite: loop after "yes", stop after "no". *)
Lemma opposite : forall d question,
  always_answers d -> (halts (Seq d spin) question <-> says_no d question).
Proof.
  intros d question total. destruct (total question) as [reply answer].
  rewrite (seq_halts d spin question reply answer), spin_halts.
  unfold says_no. split.
  - intros <-. exact answer.
  - intro no. exact (one_output d question reply answer leaf no).
Qed.

(** ** No program decides halting, however programs are written as trees *)
Section Any_code.
  Variable code : cmd -> tree.

  (** The program that asks [d] about the program it was given, with that same
      program as input, and does the opposite. *)
  Definition contrary (d : cmd) : cmd := Seq (Put (Node It It)) (Seq d spin).

  (** [d] is right about program [c] with this input. *)
  Definition right_about (d c : cmd) (input : tree) : Prop :=
    (says_yes d (node (code c) input) -> halts c input) /\
    (says_no d (node (code c) input) -> ~ halts c input).

  (** Whatever program that always answers is proposed, there is a program and
      an input about which it is wrong: its contrary, run on its own text.
      (Book: part of thm-contrarian) *)
  Theorem halting_is_undecidable : forall d, always_answers d ->
    ~ right_about d (contrary d) (code (contrary d)).
  Proof.
    (* Let d always answer, and let x be the text of its contrary. *)
    intros d total. set (x := code (contrary d)).
    (* Suppose d were right about the contrary run on x. *)
    intros [yes no]. fold x in yes, no.
    (* The contrary first pairs x with itself, and that is the question for
       d. *)
    assert (first : run (Put (Node It It)) x (node x x)) by apply run_put.
    (* So it stops exactly if d says no. *)
    assert (meaning : halts (contrary d) x <-> says_no d (node x x)).
    { unfold contrary. rewrite (seq_halts _ _ _ _ first). apply opposite.
      exact total. }
    (* What does d answer? *)
    destruct (total (node x x)) as [reply answer]. destruct reply as [| a b].
    - (* It says no: then the contrary stops, and d was wrong. *)
      apply (no answer). apply meaning. exact answer.
    - (* It says yes: then the contrary stops, by d, so d says no, a second
         answer. *)
      assert (stops : halts (contrary d) x).
      { apply yes. exists (node a b). split; [exact answer | discriminate]. }
      apply meaning in stops.
      discriminate (one_output d (node x x) _ answer _ stops).
  Qed.
End Any_code.

(** ** One program that fools [d] on every input

    Now programs are written as trees in a definite way. *)
Fixpoint tag (n : nat) : tree :=
  match n with 0 => leaf | S n => node leaf (tag n) end.

Fixpoint code_expr (e : expr) : tree :=
  match e with
  | It => node (tag 0) leaf
  | Const t => node (tag 1) t
  | Node e f => node (tag 2) (node (code_expr e) (code_expr f))
  | Left e => node (tag 3) (code_expr e)
  | Right e => node (tag 4) (code_expr e)
  end.

Fixpoint code (c : cmd) : tree :=
  match c with
  | Put e => node (tag 5) (code_expr e)
  | Seq c d => node (tag 6) (node (code c) (code d))
  | While e c => node (tag 7) (node (code_expr e) (code c))
  end.

(** The program [c] with the tree [a] built in: it runs [c] on a, paired with
    the input. *)
Definition built_in (a : tree) (c : cmd) : cmd :=
  Seq (Put (Node (Const a) It)) c.

(** A program that is given its own text: it computes, from a pair (a, w), the
    pair of the text of [built_in a a'] and w, where [a] is the text of a'. *)
Definition own_text : expr :=
  let a := Left It in
  Node
    (Node (Const (tag 6))
      (Node (Node (Const (tag 5)) (Node (Const (tag 2))
              (Node (Node (Const (tag 1)) a) (Const (code_expr It)))))
            a))
    (Right It).

Lemma own_text_spec : forall c w,
  eval (node (code c) w) own_text = node (code (built_in (code c) c)) w.
Proof. reflexivity. Qed.

(** Learn the own text, ask [d] about it and the input, do the opposite. *)
Definition contrarian (d : cmd) : cmd :=
  let body := Seq (Put own_text) (Seq d spin) in built_in (code body) body.

(** One program fools [d] on all of its inputs: it stops exactly on those on
    which [d] says that it does not.
    (Book: part of thm-contrarian) *)
Theorem one_program_fools : forall d, always_answers d -> forall w,
  halts (contrarian d) w <-> says_no d (node (code (contrarian d)) w).
Proof.
  (* Take a program d that always answers, and any input w. *)
  intros d total w. unfold contrarian.
  set (body := Seq (Put own_text) (Seq d spin)).
  (* The contrarian starts by pairing the text of its body with the input, *)
  assert (pairing : run (Put (Node (Const (code body)) It)) w
                        (node (code body) w))
    by apply run_put.
  (* then it computes the text of the whole, which is its own, *)
  assert (knowing : run (Put own_text) (node (code body) w)
                        (node (code (built_in (code body) body)) w))
    by (rewrite <- own_text_spec; apply run_put).
  (* and then it asks d about itself and does the opposite. *)
  unfold built_in at 1. rewrite (seq_halts _ _ _ _ pairing).
  unfold body at 1. rewrite (seq_halts _ _ _ _ knowing).
  apply opposite. exact total.
Qed.
