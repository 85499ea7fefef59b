(** * Consistency of beliefs: what local rules and pairs cannot see *)
From Coq Require Import List Arith Bool.
From Limits Require Import Counting.
Import ListNotations.

(** ** Rules that are always true say nothing

    The sentences of the paper, as functions of a valuation. *)
Definition all2 (f : bool -> bool -> bool) : bool :=
  f true true && f true false && f false true && f false false.
Definition all3 (f : bool -> bool -> bool -> bool) : bool :=
  all2 (fun q r => f true q r) && all2 (fun q r => f false q r).

(** For the truth values of one valuation, all listed constraints hold: p or
    not p but not both, modus ponens, transitivity.
    So they exclude nothing. *)
Theorem listed_rules_are_tautologies :
  (forall p, xorb p (negb p) = true) /\
  (forall p, negb (p && negb p) = true) /\
  (forall p q, implb (implb p q && p) q = true) /\
  (forall p q r, implb (implb p q && implb q r) (implb p r) = true).
Proof.
  (* Four sentences ... *)
  repeat split.
  (* ... and for each of them a truth table. *)
  - intros [|]; reflexivity.
  - intros [|]; reflexivity.
  - intros [|] [|]; reflexivity.
  - intros [|] [|] [|]; reflexivity.
Qed.

(** ** Seven queries, each with an answer of its own *)

(** The answers to p, q, r, p->q, q->r, p->r, not p are seven bits. *)
Definition locally_consistent (a : list bool) : bool :=
  match a with
  | [p; q; r; pq; qr; pr; np] =>
      xorb p np &&                      (* negation      *)
      implb (pq && p) q &&              (* modus ponens  *)
      implb (qr && q) r &&              (* modus ponens  *)
      implb (pr && p) r &&              (* modus ponens  *)
      implb (pq && qr) pr               (* transitivity  *)
  | _ => false
  end.

(** The answers that a valuation of p, q, r gives. *)
Definition answers_of (v : list bool) : list bool :=
  match v with
  | [p; q; r] => [p; q; r; implb p q; implb q r; implb p r; negb p]
  | _ => []
  end.

Definition same (a b : list bool) : bool :=
  if list_eq_dec bool_dec a b then true else false.

Definition globally_consistent (a : list bool) : bool :=
  existsb (fun v => same a (answers_of v)) (words 3).

Definition how_many (test : list bool -> bool) (l : list (list bool)) : nat :=
  length (filter test l).

(** Of 128 ways to answer, 40 satisfy the local rules, and only 8 are
    consistent.
    (Book: prop-local-global) *)
Theorem seven_queries :
  length (words 7) = 128 /\
  how_many locally_consistent (words 7) = 40 /\
  how_many globally_consistent (words 7) = 8.
Proof.
  (* Count: go through the list of all 128. *)
  vm_compute. repeat split.
Qed.

(** The consistent ones are among the 40. *)
Theorem global_implies_local :
  forallb (fun a => implb (globally_consistent a) (locally_consistent a))
          (words 7) = true.
Proof. vm_compute. reflexivity. Qed.

(** ** Pairs are not enough *)

(** Three beliefs, each two of which can be true together, but not all three.
    (Book: prop-local-global) *)
Theorem pairwise_but_not_jointly :
  let beliefs := [(fun p q => p || q); (fun p _ => negb p);
    (fun _ q => negb q)] in
  (forall f g, In f beliefs -> In g beliefs ->
    exists p q, f p q = true /\ g p q = true) /\
  ~ exists p q, forall f, In f beliefs -> f p q = true.
Proof.
  simpl. split.
  - (* For each two of them, a valuation that makes both true. *)
    intros f g [<- | [<- | [<- | []]]] [<- | [<- | [<- | []]]];
      first [ now exists true, false
            | now exists false, true
            | now exists false, false ].
  - (* All three: p and q are false, so "p or q" is, too. *)
    intros [p [q all]].
    pose proof (all _ (or_introl eq_refl)) as one.
    pose proof (all _ (or_intror (or_introl eq_refl))) as two.
    pose proof (all _ (or_intror (or_intror (or_introl eq_refl)))) as three.
    destruct p, q; discriminate.
Qed.

(** The rule "a and b imply c" is no conjunction of rules about two
    answers each, so pairwise terms cannot express it.
    (Book: prop-local-global) *)
Theorem implication_is_not_pairwise : forall R S T : bool -> bool -> bool,
  ~ (forall a b c, implb (a && b) c = R a b && S a c && T b c).
Proof.
  (* Suppose three rules R, S, T about pairs did it. *)
  intros R S T pairs.
  (* The rule allows the answers 1, 1, 1. So R allows the pair (1, 1). *)
  pose proof (pairs true true true) as one. simpl in one.
  (* It allows 1, 0, 0. So S allows (1, 0). *)
  pose proof (pairs true false false) as two. simpl in two.
  (* It allows 0, 1, 0. So T allows (1, 0). *)
  pose proof (pairs false true false) as three. simpl in three.
  (* But it forbids 1, 1, 0, all three pairs of which are allowed. *)
  pose proof (pairs true true false) as four. simpl in four.
  (* All cases for the three pairs lead to a contradiction. *)
  destruct (R true true), (S true false), (T true false); simpl in *;
    try discriminate;
    destruct (R true false), (R false true), (S true true), (S false false);
    discriminate.
Qed.
