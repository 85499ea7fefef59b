(** * All facts at once: an exact formula, checked by computation

    A reader sees n random pages of a book of m coin flips, remembers what she
    saw and guesses the rest. She knows the whole book with probability
    E 2^(-unseen). Multiplied by 2^m m^n, both sides of the book's formula are
    integers: on the left, the sum of 2^seen over all m^n ways to draw. *)
From Coq Require Import List Arith ZArith Bool.
From Limits Require Import Counting.
Import ListNotations.
Local Open Scope Z_scope.

(** How many of the m facts occur in a list of draws. *)
Definition seen (m : nat) (draws : list nat) : nat :=
  length (filter (fun fact => existsb (Nat.eqb fact) draws) (seq 0 m)).

(** Add up [f] over a list, and over 0, 1, ..., m. *)
Definition sum {A : Type} (f : A -> Z) (l : list A) : Z :=
  fold_right (fun a s => f a + s) 0 l.

(** Pascal's triangle. *)
Fixpoint choose (n k : nat) : Z :=
  match n, k with
  | _, 0%nat => 1
  | 0%nat, S _ => 0
  | S n, S k => choose n k + choose n (S k)
  end.

(** The sum over all ways to draw ... *)
Definition by_definition (m n : nat) : Z :=
  sum (fun draws => 2 ^ Z.of_nat (seen m draws)) (tables nat (seq 0 m) n).

(** ... and the formula: (-1)^k 2^(m-k) C(m,k) (m-k)^n, summed over k. *)
Definition by_formula (m n : nat) : Z :=
  sum (fun k => (-1) ^ Z.of_nat k * 2 ^ Z.of_nat (m - k)
                * choose m k * Z.of_nat (m - k) ^ Z.of_nat n)
      (seq 0 (S m)).

(** For 1 to 4 facts and at most 5 draws the formula is right.
    (Book: part of thm-all-facts) *)
Theorem formula_in_small_cases :
  forallb (fun m =>
    forallb (fun n => by_definition m n =? by_formula m n) (seq 0 6))
    (seq 1 4) = true.
Proof.
  (* Both sides are programs: run them. *)
  vm_compute. reflexivity.
Qed.

(** Three facts, four examples: the book is known with probability
    462 / (8 * 81). *)
Example three_facts_four_examples : by_formula 3 4 = 462.
Proof. reflexivity. Qed.
