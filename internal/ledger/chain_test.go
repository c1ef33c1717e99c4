package ledger_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"taskrecon/internal/ledger"
)

func sha(line []byte) string {
	hash := sha256.Sum256(line)
	return hex.EncodeToString(hash[:])
}

// checkChain recomputes the chain without the package's help.
func checkChain(t *testing.T, all [][]byte) (final string) {
	t.Helper()
	for i, line := range all {
		var l struct{ Prev *string }
		if err := json.Unmarshal(line, &l); err != nil || l.Prev == nil || *l.Prev != final {
			t.Errorf("line %d: prev is not %q (%v)", i+1, final, err)
		}
		final = sha(bytes.TrimSuffix(line, []byte("\n")))
	}
	return final
}

func TestEachLineCarriesTheHashOfTheOneBefore(t *testing.T) {
	path := sample(t)
	all := lines(t, path)
	if final := checkChain(t, all); len(all) != 16 || open(t, path).Final != final {
		t.Errorf("%d lines, final hash %q", len(all), final)
	}
}

// names reports whether an error names one of the lines, counted from 1.
func names(err error, numbers ...int) bool {
	return slices.ContainsFunc(numbers, func(n int) bool { return strings.Contains(err.Error(), fmt.Sprintf("line %d:", n)) })
}

// A bit flipped in a byte of any line but the last is found, at that line or at the one that should follow it.
func TestAnyFlipIsFound(t *testing.T) {
	path := sample(t)
	all := lines(t, path)
	data := slices.Concat(all...)
	at := 0
	for i, line := range all[:len(all)-1] {
		for k := range line {
			if len(line) > 200 && k%5 != 0 && k != len(line)-1 {
				continue // sampled: every fifth byte, and the newline
			}
			flipped := slices.Clone(data)
			flipped[at+k] ^= 1 << (k % 8)
			_, err := rewrite(t, path, flipped)
			if err == nil || !names(err, i+1, i+2) {
				t.Fatalf("byte %d of line %d, %q made %q: Open says %v", k, i+1, data[at+k], flipped[at+k], err)
			}
			if i > 0 && !errors.Is(err, ledger.ErrAltered) {
				t.Fatalf("byte %d of line %d: %v", k, i+1, err)
			}
		}
		at += len(line)
	}
}

// The last line has no successor to vouch for it. A change in it is found where it stops being a line that this program writes;
// any other only by comparing Final with a copy kept elsewhere, as a report keeps it.
func TestFlipsInTheLastLine(t *testing.T) {
	path := sample(t)
	final := open(t, path).Final
	all := lines(t, path)
	last := len(all) - 1
	before := slices.Concat(all[:last]...)
	for _, tt := range []struct {
		name, old, new string
		found          bool
	}{
		{"another reason", "2 rows failed", "0 rows failed", false},
		{"another exit code", `"exitCode":3`, `"exitCode":0`, false},
		{"another time", "2026-03-04", "2027-03-04", false},
		{"the case of a name", `"kind"`, `"Kind"`, false},
		{"another kind", `"end"`, `"enx"`, true},
		{"no JSON", `"exitCode":3`, `"exitCode":x`, true},
		{"a wrong shape", `"exitCode":3`, `"exitCode":3.5`, true},
		{"its place in the chain", `"prev":"`, `"prev":"0`, true},
		{"another line behind it", "}\n", "}\n{}\n", true},
		{"half a line behind it", "}\n", "}\n{\"kind\":", true},
	} {
		line := bytes.Replace(all[last], []byte(tt.old), []byte(tt.new), 1)
		if bytes.Equal(line, all[last]) {
			t.Fatalf("%s: %q is not in the line", tt.name, tt.old)
		}
		r, err := rewrite(t, path, slices.Concat(before, line))
		switch {
		case tt.found && (!errors.Is(err, ledger.ErrAltered) || !names(err, last+1, last+2)):
			t.Errorf("%s: Open says %v", tt.name, err)
		case !tt.found && err != nil:
			t.Errorf("%s: Open says %v, though it cannot know", tt.name, err)
		case !tt.found && r.Final == final:
			t.Errorf("%s: the final hash is the same", tt.name)
		}
	}
}

func TestLinesTakenAwayDoubledOrSwapped(t *testing.T) {
	path := sample(t)
	all := lines(t, path)
	try := func(what string, line int, changed [][]byte) {
		t.Helper()
		if _, err := rewrite(t, path, slices.Concat(changed...)); err == nil || !names(err, line) || (line > 1 && !errors.Is(err, ledger.ErrAltered)) {
			t.Errorf("%s: Open says %v, want line %d", what, err, line)
		}
	}
	for i := range all {
		if i < len(all)-1 {
			try(fmt.Sprintf("line %d taken away", i+1), i+1, slices.Delete(slices.Clone(all), i, i+1))
			swapped := slices.Clone(all)
			swapped[i], swapped[i+1] = swapped[i+1], swapped[i]
			try(fmt.Sprintf("line %d swapped with the next", i+1), i+1, swapped)
		}
		try(fmt.Sprintf("line %d doubled", i+1), i+2, slices.Insert(slices.Clone(all), i, all[i]))
		try(fmt.Sprintf("an empty line before line %d", i+1), i+1, slices.Insert(slices.Clone(all), i, []byte("\n")))
	}
}

// Lines taken away from the end leave a ledger that looks like a run cut short: only a copy of Final tells.
func TestLinesTakenAwayFromTheEnd(t *testing.T) {
	path := sample(t)
	final := open(t, path).Final
	all := lines(t, path)
	for n := 1 + len(samplePlan().Changes); n < len(all); n++ {
		r, err := rewrite(t, path, slices.Concat(all[:n]...))
		if err != nil {
			t.Errorf("the first %d lines: %v", n, err)
		} else if r.End != nil || r.Torn || r.Final == final {
			t.Errorf("the first %d lines: end %v, torn %v", n, r.End, r.Torn)
		}
	}
}

func TestOtherFilesAreNoLedgers(t *testing.T) {
	path := sample(t)
	all := lines(t, path)
	for name, data := range map[string]string{
		"empty": "", "a half line": "{", "a table": "id,status\n1,active\n", "null": "null\n", "an array": "[]\n", "a zip": "PK\x03\x04\n",
		"another object": "{}\n", "without its header": string(all[1]),
		"of another format": strings.Replace(string(all[0]), `"format":1`, `"format":2`, 1),
	} {
		if _, err := rewrite(t, path, []byte(data)); err == nil || errors.Is(err, ledger.ErrAltered) {
			t.Errorf("%s: Open says %v", name, err)
		}
	}
	if _, err := ledger.Open(path + ".missing"); err == nil {
		t.Error("a file that is not there")
	}
	if _, err := ledger.Open(t.TempDir()); err == nil {
		t.Error("a directory")
	}
}
