package ledger_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
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

// A bit flipped in any byte of any line is found, in that line.
func TestAnyFlipIsFound(t *testing.T) {
	path, _ := small(t)
	all := lines(t, path)
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	must(t, err)
	defer f.Close()
	put := func(b byte, at int) {
		_, err := f.WriteAt([]byte{b}, int64(at))
		must(t, err)
	}
	at := 0
	for i, line := range all {
		for k, b := range line {
			flipped := b ^ 1<<(k%8)
			put(flipped, at)
			if _, err := ledger.Open(path); !errors.Is(err, ledger.ErrAltered) || !names(err, i+1) {
				t.Fatalf("byte %d of line %d, %q made %q: Open says %v", k, i+1, b, flipped, err)
			}
			put(b, at)
			at++
		}
	}
	open(t, path)
}

// reseal gives a line the sum that belongs to its contents, as somebody would who knows the format.
func reseal(line []byte) []byte {
	i := bytes.LastIndex(line, []byte(`,"sum":"`))
	if i < 0 {
		return line
	}
	return fmt.Appendf(nil, "%s,\"sum\":\"%s\"}\n", line[:i], sha(line[:i]))
}

func TestTheLastLineIsGuardedToo(t *testing.T) {
	path := sample(t)
	all := lines(t, path)
	last := len(all) - 1
	before := slices.Concat(all[:last]...)
	for _, tt := range []struct {
		name, old, new string
		line           int // that is named
	}{
		{"another reason", "2 rows failed", "0 rows failed", last},
		{"another exit code", `"exitCode":3`, `"exitCode":0`, last},
		{"the case of a name", `"kind"`, `"Kind"`, last},
		{"the case of the sum's name", `"sum"`, `"Sum"`, last},
		{"no sum", `"sum"`, `"som"`, last},
		{"another line behind it", "}\n", "}\n{}\n", last + 1},
		{"half a line behind it", "}\n", "}\n{\"kind\":\"result\"", last + 1},
		{"text behind it", "}\n", "}\nthe end", last + 1},
		{"another byte for its newline", "}\n", "} ", last},
	} {
		line := bytes.Replace(all[last], []byte(tt.old), []byte(tt.new), 1)
		if bytes.Equal(line, all[last]) {
			t.Fatalf("%s: %q is not in the line", tt.name, tt.old)
		}
		if _, err := rewrite(t, path, slices.Concat(before, line)); !errors.Is(err, ledger.ErrAltered) || !names(err, tt.line+1) {
			t.Errorf("%s: Open says %v", tt.name, err)
		}
	}
}

// A line made again with its right sum is found by the next one; the last only where it is no line that this program
// writes, and else by comparing Final with a copy kept elsewhere.
func TestLinesMadeAnew(t *testing.T) {
	path := sample(t)
	final := open(t, path).Final
	all := lines(t, path)
	last := len(all) - 1
	for i := range all[:last] {
		changed := slices.Clone(all)
		changed[i] = reseal(bytes.Replace(all[i], []byte(`{"kind"`), []byte(`{ "kind"`), 1))
		if _, err := rewrite(t, path, slices.Concat(changed...)); !errors.Is(err, ledger.ErrAltered) || !names(err, i+2) {
			t.Errorf("line %d: Open says %v", i+1, err)
		}
	}
	for _, tt := range []struct {
		old, new string
		found    bool
	}{
		{"2 rows failed", "0 rows failed", false},
		{`"kind":"end"`, `"kind":"enx"`, true},
		{`"kind":"end"`, `"kind":"change"`, true},
		{`"kind":"end"`, `"kind":"run"`, true},
		{`"exitCode":3`, `"exitCode":x`, true},
		{`"exitCode":3`, `"exitCode":3.5`, true},
		{`"prev":"`, `"prev":"0`, true},
	} {
		line := reseal(bytes.Replace(all[last], []byte(tt.old), []byte(tt.new), 1))
		r, err := rewrite(t, path, slices.Concat(slices.Concat(all[:last]...), line))
		switch {
		case tt.found && (!errors.Is(err, ledger.ErrAltered) || !names(err, last+1)):
			t.Errorf("%s: Open says %v", tt.new, err)
		case !tt.found && (err != nil || r.Final == final):
			t.Errorf("%s: Open says %v, and the final hash is the same", tt.new, err)
		}
	}
}

func TestLinesTakenAwayDoubledOrSwapped(t *testing.T) {
	path := legs(t)
	all := lines(t, path)
	try := func(what string, line int, changed [][]byte) {
		t.Helper()
		if _, err := rewrite(t, path, slices.Concat(changed...)); err == nil || !names(err, line) || (what != "an empty line before line 1" && !errors.Is(err, ledger.ErrAltered)) {
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
		"another object": "{}\n", "another program's log": `{"kind":"start","format":2}` + "\n",
		"of another format":   string(reseal(bytes.Replace(all[0], []byte(`"format":3`), []byte(`"format":4`), 1))),
		"of the first format": `{"kind":"run","prev":"","format":1,"input":{"rows":0}}` + "\n",
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
