package ledger_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"taskrecon/internal/ledger"
)

// verifies writes data and demands that Verify refuses it and names the line.
func verifies(t *testing.T, path, what string, data []byte, line int) {
	t.Helper()
	must(t, os.WriteFile(path, data, 0o600))
	r, err := ledger.Verify(path)
	if err == nil {
		r.Close()
	}
	if !errors.Is(err, ledger.ErrAltered) || !names(err, line) {
		t.Errorf("%s: Verify says %v, want line %d", what, err, line)
	}
}

// classes are places in a line, each found by what stands before it.
var classes = map[string]string{
	"the first brace": "", "the first quote": "{", "the name of kind": `{"`, "the kind": `{"kind":"`, "the name of prev": `,"`, "the hash of the line before": `"prev":"`,
	"the first value": `,"`, "the comma before the sum": `,"sum":"`, "the sum": `,"sum":"`, "the last quote": "", "the last brace": "", "the newline": "",
}

func at(class, before string, line []byte) int {
	switch class {
	case "the first brace":
		return 0
	case "the comma before the sum":
		return bytes.LastIndex(line, []byte(before))
	case "the sum":
		return bytes.LastIndex(line, []byte(before)) + len(before)
	case "the first value":
		prev := bytes.Index(line, []byte(`"prev":"`))
		return prev + bytes.IndexByte(line[prev:], ',') + 5
	case "the newline":
		return len(line) - 1
	case "the last brace":
		return len(line) - 2
	case "the last quote":
		return len(line) - 3
	}
	return bytes.Index(line, []byte(before)) + len(before)
}

func TestVerifyNamesEveryClassOfByte(t *testing.T) {
	path := legs(t)
	all := lines(t, path)
	for i := range all {
		for class, before := range classes {
			for _, bit := range []byte{0x01, 0x20, 0x40} {
				changed := slices.Clone(all)
				changed[i] = bytes.Clone(all[i])
				changed[i][at(class, before, all[i])] ^= bit
				verifies(t, path, fmt.Sprintf("line %d, %s ^ %#x", i+1, class, bit), slices.Concat(changed...), i+1)
			}
		}
	}
}

func TestVerifyNamesLinesMoved(t *testing.T) {
	path := legs(t)
	all := lines(t, path)
	last := len(all) - 1
	for i := range all {
		if i < last {
			verifies(t, path, "taken away", slices.Concat(slices.Delete(slices.Clone(all), i, i+1)...), i+1)
			swapped := slices.Clone(all)
			swapped[i], swapped[i+1] = swapped[i+1], swapped[i]
			verifies(t, path, "swapped", slices.Concat(swapped...), i+1)
		}
		verifies(t, path, "doubled", slices.Concat(slices.Insert(slices.Clone(all), i, all[i])...), i+2)
		verifies(t, path, "appended again", slices.Concat(append(slices.Clone(all), all[i])...), last+2)
		verifies(t, path, "an empty line", slices.Concat(slices.Insert(slices.Clone(all), i, []byte("\n"))...), i+1)
		verifies(t, path, "text", slices.Concat(slices.Insert(slices.Clone(all), i, []byte("looks harmless\n"))...), i+1)
	}
	verifies(t, path, "a line of another ledger", slices.Concat(append(slices.Clone(all), lines(t, sample(t))[3])...), last+2)
}

// A first line of which nothing is left still belongs to a ledger when the lines behind it do.
func TestVerifyNamesAFirstLineThatIsNone(t *testing.T) {
	path := sample(t)
	all := lines(t, path)
	for _, first := range []string{"\n", "{}\n", "null\n", "id,status\n", `{"kind":"start","format":3}` + "\n", `{"kind":"run","format":9}` + "\n", "PK\x03\x04\n"} {
		verifies(t, path, first, slices.Concat([]byte(first), slices.Concat(all[1:]...)), 1)
	}
	for _, data := range []string{"", "{", "id,status\n1,active\n", `{"kind":"start"}` + "\n{}\n"} {
		must(t, os.WriteFile(path, []byte(data), 0o600))
		if _, err := ledger.Verify(path); err == nil || errors.Is(err, ledger.ErrAltered) || !strings.Contains(err.Error(), "not a ledger") {
			t.Errorf("%q: Verify says %v", data, err)
		}
	}
}

// What is missing at the end is no alteration: the ledger is one that was cut short, at every byte behind the plan.
func TestVerifyTakesACutAsCutShort(t *testing.T) {
	path := legs(t)
	all := lines(t, path)
	whole := slices.Concat(all...)
	for n := len(slices.Concat(all[:1+len(samplePlan().Changes)]...)); n < len(whole); n += 7 {
		must(t, os.WriteFile(path, whole[:n], 0o600))
		r, err := ledger.Verify(path)
		if err != nil {
			t.Fatalf("cut after %d bytes: %v", n, err)
		}
		count := bytes.Count(whole[:n], []byte("\n"))
		number, lines, err := r.Find(sha(bytes.TrimSuffix(all[count-1], []byte("\n"))))
		must(t, err)
		if r.Torn != (whole[n-1] != '\n') || number != count || lines != count {
			t.Errorf("cut after %d bytes: torn %v, line %d of %d, want %d", n, r.Torn, number, lines, count)
		}
		r.Close()
	}
}

func TestFindKnowsEveryState(t *testing.T) {
	r := open(t, legs(t))
	for i, line := range lines(t, legs(t)) {
		number, all, err := r.Find(sha(bytes.TrimSuffix(line, []byte("\n"))))
		must(t, err)
		if number != i+1 && i < 2 || number > all {
			t.Errorf("line %d is found as %d of %d", i+1, number, all)
		}
	}
	if number, _, err := r.Find("0000"); err != nil || number != 0 {
		t.Errorf("a hash of no line: %d, %v", number, err)
	}
}
