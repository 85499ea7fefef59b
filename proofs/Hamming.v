(** * The Hamming code: seven bits in four, one error repaired *)
From Coq Require Import List Arith NArith Bool.
From Limits Require Import Counting.
Import ListNotations.

(** Bits are numbered 1 to 7. The syndrome adds the numbers of the ones, in
    binary and without carry. *)
Fixpoint syndrome_from (number : N) (word : list bool) : N :=
  match word with
  | [] => 0%N
  | b :: word =>
      N.lxor (if b then number else 0%N) (syndrome_from (N.succ number) word)
  end.
Definition syndrome : list bool -> N := syndrome_from 1.

Definition flip_bit (number : N) (word : list bool) : list bool :=
  match number with 0%N => word | _ => change (N.to_nat number - 1) word end.

(** A word with syndrome 0 is a codeword; otherwise flip the bit whose number
    it is. *)
Definition codeword (word : list bool) : bool := N.eqb (syndrome word) 0.
Definition repair (word : list bool) : list bool :=
  flip_bit (syndrome word) word.

(** Four data bits stand at the places 3, 5, 6, 7; the bits 1, 2, 4 are
    checks. *)
Definition data (word : list bool) : list bool :=
  match word with [_; _; d3; _; d5; d6; d7] => [d3; d5; d6; d7] | _ => [] end.
Definition encode (memory : list bool) : list bool :=
  match memory with
  | [d3; d5; d6; d7] =>
      [xorb d3 (xorb d5 d7); xorb d3 (xorb d6 d7); d3; xorb d5 (xorb d6 d7);
        d5; d6; d7]
  | _ => []
  end.

Definition same (a b : list bool) : bool :=
  if list_eq_dec bool_dec a b then true else false.
Definition numbers : list N := [0; 1; 2; 3; 4; 5; 6; 7]%N.

(** Whatever four bits are sent, and whichever one bit is flipped on the way
    (or none), they come back. *)
Theorem one_error_is_repaired :
  forallb (fun memory => forallb (fun k =>
    same (data (repair (flip_bit k (encode memory)))) memory)
      numbers) (words 4) = true.
Proof.
  (* 16 messages and 8 things that may happen: try all 128. *)
  vm_compute. reflexivity.
Qed.

(** The code is perfect: each of the 128 words is a codeword or one bit away
    from exactly one. *)
Theorem code_is_perfect :
  forallb (fun word => Nat.eqb 1 (length (filter (fun memory =>
    Nat.leb (errors word (encode memory)) 1) (words 4)))) (words 7) = true.
Proof. vm_compute. reflexivity. Qed.

(** Four bits of memory keep seven arbitrary facts with at most one error. *)
Theorem seven_facts_in_four_bits :
  forallb (fun facts => Nat.leb (errors facts (encode (data (repair facts)))) 1)
          (words 7) = true.
Proof.
  (* Keep the data bits of the nearest codeword, and answer with that
     codeword. *)
  vm_compute. reflexivity.
Qed.

(** Over all 128 truths 784 of the 896 answers are right: exactly 7/8. *)
Theorem seven_eighths :
  fold_right (fun facts n =>
      n + (7 - errors facts (encode (data (repair facts))))) 0 (words 7) = 784
  /\ 784 * 8 = 7 * (128 * 7).
Proof. vm_compute. split; reflexivity. Qed.

Definition ones (word : list bool) : nat := length (filter (fun b => b) word).
Definition residual_errors (weight : nat) : nat :=
  fold_right (fun z n => n + ones (repair z)) 0
    (filter (fun z => Nat.eqb (ones z) weight) (words 7)).

(** How many answers are wrong after the repair, added up over all ways to
    flip 0, 1, ..., 7 of the bits. *)
Theorem residual_counts :
  map residual_errors (seq 0 8) = [0; 0; 63; 133; 112; 84; 49; 7].
Proof. vm_compute. reflexivity. Qed.
