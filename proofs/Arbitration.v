(** * Arbitration: memory against context

    Both sources give a score to each answer. Memory likes [yp] best, the
    context [yc], and these are two different answers. *)
From Coq Require Import Reals Lra.
Local Open Scope R_scope.

Section Arbitration.
  Variable answer : Type.
  Variables memory context : answer -> R.
  Variables yp yc : answer.
  Hypothesis conflict : yp <> yc.
  Hypothesis best_in_memory : forall y, y <> yp -> memory y < memory yp.
  Hypothesis best_in_context : forall y, y <> yc -> context y < context yc.

  (** The two differences of scores, of memory's answer to that of the
      context. *)
  Definition a : R := memory yp - memory yc.
  Definition b : R := context yp - context yc.

  (** The margin that the paper prints to decide who wins is positive in every
      conflict, so its sign cannot decide anything.
      (Book: thm-arbitration) *)
  Theorem printed_margin_is_positive : a - b > 0.
  Proof.
    (* Memory puts its own favourite above that of the context: a > 0. *)
    assert (memory yc < memory yp)
      by (apply best_in_memory; intro same; now apply conflict).
    (* The context puts its favourite above that of memory: b < 0. *)
    assert (context yp < context yc)
      by (apply best_in_context; exact conflict).
    (* So a - b is the sum of two positive numbers. *)
    unfold a, b. lra.
  Qed.

  (** The score of an answer if memory has the weight [trust]. *)
  Definition mixed (trust : R) (y : answer) : R :=
    trust * memory y + (1 - trust) * context y.

  (** What decides: memory's answer is ahead exactly if the trust in memory
      exceeds |b| / (a + |b|).
      (Book: thm-arbitration) *)
  Theorem threshold : forall trust, mixed trust yp > mixed trust yc <->
    trust > - b / (a + - b).
  Proof.
    (* The lead is trust (a - b) + b, and a - b is positive. *)
    intro trust. pose proof printed_margin_is_positive as positive.
    assert (lead : mixed trust yp - mixed trust yc = trust * (a - b) + b)
      by (unfold mixed, a, b; ring).
    assert (quotient : - b / (a + - b) * (a - b) = - b) by (field; lra).
    split; intro ahead.
    - (* A positive lead: divide by a - b. *)
      apply Rmult_lt_reg_r with (a - b); lra.
    - (* A large trust: multiply by a - b. *)
      assert (- b / (a + - b) * (a - b) < trust * (a - b))
        by (apply Rmult_lt_compat_r; lra). lra.
  Qed.
End Arbitration.
