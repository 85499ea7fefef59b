(** * Test vectors: values computed by the checked programs

    The functions of the Python package must give the same
      (tests/test_proofs.py).
    Each definition below is evaluated by `record.py`, which writes its value
    into `recorded.json`. *)
From Coq Require Import List Arith ZArith Bool.
From Coq Require Cantor.
From Limits Require Import Diagonal Schedules Counting AllFacts Hamming
  Consistency.
Import ListNotations.

(** A family with the answers 0 and 1, and one with many answers. *)
Definition family (i k : nat) : nat := (i * i + i * k + k / 3) mod 2.
Definition many (i k : nat) : nat := (i * k + i) mod 7.

Definition pairs := map Cantor.of_nat (seq 0 40).
Definition printed_turns := map printed (seq 0 40).
Definition cantor_turns := map cantor_turn (seq 0 40).
Definition ruler_turns := map ruler (seq 0 80).
Definition diagonal_truths :=
  map (diagonal_truth nat Nat.eq_dec 0 1 family) (seq 0 40).
Definition ruler_truths :=
  map (aimed_truth nat Nat.eq_dec 0 1 ruler family) (seq 0 40).
Definition open_truths := map (open_truth many) (seq 0 40).
Definition ruler_hits :=
  map (fun i => count (fun k => Nat.eqb (ruler k) i) 200) (seq 0 8).
Definition one_off_errors :=
  map (fun i => count (errs nat Nat.eq_dec
                        (aimed_truth nat Nat.eq_dec 0 1 printed
                          (one_off nat 0 1))
                        (one_off nat 0 1) i) 40) (seq 0 8).
Definition program_counts := map (fun c => length (programs c)) (seq 0 9).
(** 2^m m^n times the probability that all m facts are known after n
    examples. *)
Definition all_known := map (fun m => map (by_formula m) (seq 0 9)) (seq 1 6).
Definition memories := map (fun word => (word, data (repair word))) (words 7).
Definition recalls := map (fun memory => (memory, encode memory)) (words 4).
Definition repaired_errors := map residual_errors (seq 0 8).
Definition local_answers := filter locally_consistent (words 7).
Definition consistent_answers := filter globally_consistent (words 7).
