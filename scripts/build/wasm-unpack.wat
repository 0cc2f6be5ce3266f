;; Puts a wasm together again from the text in which it travels (./wasm-text.mjs): a loop over some ten thousand bytes that
;; runs once, for which a JavaScript engine that is cold takes ten times as long.
(module
  ;; Beside what is here, JavaScript writes into this memory, before it calls:
  ;;     4  by stream, where its next letter is
  ;;   320  by letter, the byte it means; from 448 what it means after `}`, from 576 after `~`
  ;;  1024  the letters; behind them is room for the wasm
  (memory (export "m") 8)

  ;; From 64, by opcode: in which streams are the numbers that follow it, four bits each. Zeros, as they name the only memory,
  ;; are read as opcodes that nothing follows.
  (data (i32.const 66) "\04\04\04") ;; blocks
  (data (i32.const 76) "\02\02") ;; branches
  (data (i32.const 80) "\05\55") ;; calls
  (data (i32.const 96) "\01\01\01\06\06\06\06") ;; local and global variables, tables
  ;; Loads and stores: alignment and offset.
  (data (i32.const 104) "\87\87\87\87\87\87\87\87\87\87\87\87\87\87\87\87\87\87\87\87\87\87\87")
  (data (i32.const 129) "\09\0a") ;; integers
  (data (i32.const 316) "\05") ;; two-byte opcodes

  (global $at (mut i32) (i32.const 0))

  ;; The next byte of a stream, written out.
  (func $byte (param $stream i32) (result i32)
    (local $place i32)
    (local $letter i32)
    (local.set $letter
      (i32.load8_u (local.tee $place (i32.load (local.tee $stream (i32.shl (local.get $stream) (i32.const 2)))))))
    (if (i32.gt_u (local.get $letter) (i32.const 124))
      (then
        (local.set $letter
          (i32.add
            (i32.shl (i32.sub (local.get $letter) (i32.const 124)) (i32.const 7))
            (i32.load8_u (local.tee $place (i32.add (local.get $place) (i32.const 1))))))))
    (i32.store (local.get $stream) (i32.add (local.get $place) (i32.const 1)))
    (i32.store8 (global.get $at) (local.tee $letter (i32.load8_u offset=320 (local.get $letter))))
    (global.set $at (i32.add (global.get $at) (i32.const 1)))
    (local.get $letter))

  ;; LEB128
  (func $number (param $stream i32) (result i32)
    (local $byte i32)
    (if (result i32) (i32.lt_u (local.tee $byte (call $byte (local.get $stream))) (i32.const 128))
      (then (local.get $byte))
      (else
        (i32.or
          (i32.and (local.get $byte) (i32.const 127))
          (i32.shl (call $number (local.get $stream)) (i32.const 7))))))

  (func $numbers (param $stream i32) (param $count i32)
    (loop $next
      (if (local.get $count)
        (then
          (drop (call $number (local.get $stream)))
          (local.set $count (i32.sub (local.get $count) (i32.const 1)))
          (br $next)))))

  (func $copy (param $stream i32) (param $end i32)
    (loop $next
      (drop (call $byte (local.get $stream)))
      (br_if $next (i32.lt_u (global.get $at) (local.get $end)))))

  (func $function
    (local $depth i32)
    (local $opcode i32)
    (local $streams i32)
    (call $numbers (i32.const 3) (i32.shl (call $number (i32.const 3)) (i32.const 1)))
    (local.set $depth (i32.const 1))
    (loop $next
      (local.set $streams (i32.load8_u offset=64 (local.tee $opcode (call $byte (i32.const 5)))))
      (loop $more
        (if (local.get $streams)
          (then
            (drop (call $number (i32.and (local.get $streams) (i32.const 15))))
            (local.set $streams (i32.shr_u (local.get $streams) (i32.const 4)))
            (br $more))))
      (if (i32.eq (local.get $opcode) (i32.const 0x0e))
        (then (call $numbers (i32.const 2) (i32.add (call $number (i32.const 2)) (i32.const 1)))))
      (if (i32.eq (local.get $opcode) (i32.const 0x44))
        (then (call $copy (i32.const 12) (i32.add (global.get $at) (i32.const 8)))))
      (if (i32.lt_u (i32.sub (local.get $opcode) (i32.const 2)) (i32.const 3))
        (then (local.set $depth (i32.add (local.get $depth) (i32.const 1)))))
      (br_if $next
        (local.tee $depth (i32.sub (local.get $depth) (i32.eq (local.get $opcode) (i32.const 0x0b)))))))

  (func (export "u") (param $at i32) (param $functions i32) (param $end i32)
    (local $count i32)
    (local $start i32)
    (local $size i32)
    (global.set $at (local.get $at))
    (call $copy (i32.const 11) (local.get $functions))
    (local.set $count (call $number (i32.const 3)))
    (loop $next
      ;; Its size takes two bytes, be it ever so small.
      (global.set $at (i32.add (local.tee $start (global.get $at)) (i32.const 2)))
      (call $function)
      (i32.store8 (local.get $start)
        (i32.or
          (local.tee $size (i32.sub (i32.sub (global.get $at) (local.get $start)) (i32.const 2)))
          (i32.const 128)))
      (i32.store8 offset=1 (local.get $start) (i32.shr_u (local.get $size) (i32.const 7)))
      (br_if $next (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
    (call $copy (i32.const 13) (local.get $end))))
