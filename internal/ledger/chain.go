package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"

	"taskrecon/internal/diff"
	"taskrecon/internal/task"
)

const (
	sumStart  = `,"sum":"`
	sumLength = len(sumStart) + 2*sha256.Size + len(`"}`) // of the last member of every line, with the closing brace
)

// sums computes the last member of a line, with the closing brace, from all that stands before it, and the hash of the
// line with it.
func sums(open []byte) (member []byte, whole string) {
	h := sha256.New()
	h.Write(open)
	member = fmt.Appendf(nil, `%s%x"}`, sumStart, h.Sum(nil))
	h.Write(member)
	return member, hex.EncodeToString(h.Sum(nil))
}

// check reports whether a line, without its newline, is as it was written, by its own sum, and returns its hash.
func check(line []byte) (whole string, ok bool) {
	cut := len(line) - sumLength
	if cut < 0 {
		return "", false
	}
	member, whole := sums(line[:cut])
	return whole, bytes.Equal(line[cut:], member)
}

// summed reports whether a line ends in what looks like a sum, right or wrong.
func summed(line []byte) bool {
	cut := len(line) - sumLength
	return cut >= 0 && bytes.HasPrefix(line[cut:], []byte(sumStart))
}

// PlanHash is the SHA-256, in hex, of what a plan would send: of each change that is to be sent its task, the name, the value before
// and the value wanted of each property, the note, and by which way the status goes, in plan order. It does not depend on times, the
// run, the options, the place of a row in the input or the input's other columns.
func PlanHash(changes []diff.Change) string {
	h := newPlanHash()
	for i := range changes {
		c := &changes[i]
		if !c.Pending() {
			continue
		}
		edits := make([]Edit, len(c.Edits))
		for k, e := range c.Edits {
			edits[k] = Edit{Property: e.Property.Name, Before: readable(e.Before), Wanted: readable(e.Wanted)}
		}
		h.add(c.ID(), edits, string([]rune(c.Note)), c.StatusVia)
	}
	return h.hex()
}

// readable is the value as it is read back from a ledger, whose JSON cannot hold bytes that are no UTF-8.
func readable(v task.Value) task.Value {
	if v.IsNull() {
		return v
	}
	return task.Text(string([]rune(v.String())))
}

type planHash struct{ hash hash.Hash }

func newPlanHash() planHash { return planHash{sha256.New()} }

func (h planHash) add(id string, edits []Edit, note string, via diff.Via) {
	sent := make([]Edit, len(edits))
	for i, e := range edits {
		e.Pairs, e.Overwrites = false, false // they change nothing of what is sent
		sent[i] = e
	}
	line, err := json.Marshal(struct {
		ID        string   `json:"id"`
		Edits     []Edit   `json:"edits"`
		Note      string   `json:"note,omitempty"`
		StatusVia diff.Via `json:"statusVia,omitempty"`
	}{task.Key(id), sent, note, via})
	if err != nil {
		panic(err) // strings always marshal
	}
	h.hash.Write(append(line, '\n'))
}

func (h planHash) hex() string { return hex.EncodeToString(h.hash.Sum(nil)) }
