package ledger

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
)

// Verify opens a ledger as Open does, for somebody who holds that it is one: where its first line is none of a ledger, but
// a later one is, that is an error that wraps ErrAltered and names line 1.
func Verify(path string) (*Reader, error) {
	r, err := Open(path)
	if err == nil || errors.Is(err, ErrAltered) {
		return r, err
	}
	number, found := intact(path)
	if found && number > 1 {
		return nil, fmt.Errorf("%s: line 1: %w: this line is not as it was written; line %d still is", path, ErrAltered, number)
	}
	return nil, err
}

// intact finds the first line that carries its own sum.
func intact(path string) (number int, found bool) {
	f, err := os.Open(path)
	if err != nil {
		return 0, false
	}
	defer f.Close()
	in := bufio.NewReader(f)
	for number = 1; ; number++ {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return 0, false
		}
		if _, ok := check(line[:len(line)-1]); ok {
			return number, true
		}
	}
}

// Find counts the whole lines of the ledger, and says which of them has the hash: the one that was last when the hash was
// Final. number is 0 where none has it.
func (r *Reader) Find(hash string) (number, lines int, err error) {
	in := bufio.NewReaderSize(io.NewSectionReader(r.file, 0, r.whole), 256<<10)
	for {
		line, err := in.ReadBytes('\n')
		if err == io.EOF {
			return number, lines, nil
		}
		if err != nil {
			return 0, 0, fmt.Errorf("reading the ledger again: %w", err)
		}
		lines++
		sum := sha256.Sum256(bytes.TrimSuffix(line, []byte("\n")))
		if hex.EncodeToString(sum[:]) == hash {
			number = lines
		}
	}
}
