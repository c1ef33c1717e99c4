//go:build unix

package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"testing"
	"time"

	"taskrecon/internal/task"
)

// kill says when a process is killed.
type kill struct {
	when   string        // one of the moments
	after  time.Duration // for atTime
	batch  int           // for the moments around a $batch: at which
	growth int64         // for atSize: by how much the ledger has grown
}

// The moments of a kill.
const (
	atTime     = "time after the start"
	atSize     = "growth of the ledger"
	atArrival  = "arrival of a batch, which is served nevertheless"
	atLoss     = "arrival of a batch, which is lost"
	atAnswer   = "answer to a batch"
	ofMoments  = 5
	pollLedger = 200 * time.Microsecond
)

func (k kill) String() string {
	return fmt.Sprintf("kill at %s: %s, batch %d, %d bytes", k.when, k.after, k.batch, k.growth)
}

// chooseKill chooses a moment somewhere in the course of a run.
func chooseKill(rng *rand.Rand, course *ending) kill {
	k := kill{
		when:   []string{atTime, atSize, atArrival, atLoss, atAnswer}[rng.IntN(ofMoments)],
		after:  time.Duration(rng.Int64N(int64(course.took))),
		batch:  1 + rng.IntN(course.batches),
		growth: 1 + rng.Int64N(course.size),
	}
	if rng.IntN(2) == 0 { // a run that goes on is shorter than a whole one
		k.after /= 2
		k.batch = 1 + k.batch/4
		k.growth = 1 + k.growth/8
	}
	return k
}

// startToKill starts the program, kills it at the moment, and reports whether it still lived.
func (w *world) startToKill(k kill, args ...string) (p *process, killed bool) {
	w.t.Helper()
	before, _ := fileSize(w.ledger)
	started := make(chan *process, 1)
	strike := func() {
		p := <-started
		started <- p
		_ = p.Process.Kill() // it may be gone already
		<-p.done
	}
	w.onBatch(k.around(strike))
	defer w.onBatch(nil)
	p = w.start(args...)
	started <- p
	switch k.when {
	case atTime:
		select {
		case <-time.After(k.after):
			strike()
		case <-p.done:
		}
	case atSize:
		for size := before; size < before+k.growth && !p.ended(); size, _ = fileSize(w.ledger) {
			time.Sleep(pollLedger)
		}
		strike()
	}
	p.wait(w.t)
	return p, p.ProcessState.ExitCode() < 0
}

// around is the hook that strikes at a batch.
func (k kill) around(strike func()) hook {
	return func(n int, serve func()) {
		hit := n == k.batch
		switch {
		case hit && k.when == atArrival:
			strike()
			serve()
		case hit && k.when == atLoss:
			strike()
			panic(http.ErrAbortHandler)
		case hit && k.when == atAnswer:
			serve()
			strike()
		default:
			serve()
		}
	}
}

func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

func fileSize(path string) (int64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// lines is what the whole lines of a ledger say, read without the program's own reader.
type lines struct {
	sent    map[string]int  // by task: sending lines that name it
	applied map[string]bool // by task: a result line calls it applied
	starts  []int64         // of each line
	lengths []int64         // of each line, its newline included
	kinds   []string        // of each line
	names   [][]int         // of each sending line the changes
	ids     []string        // of each change the task
	planEnd int64
	size    int64
}

func readLines(t *testing.T, path string) *lines {
	t.Helper()
	l := &lines{sent: map[string]int{}, applied: map[string]bool{}}
	data, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	for {
		line, rest, whole := bytes.Cut(data, []byte("\n"))
		if !whole {
			return l
		}
		var m struct {
			Kind, ID, Outcome string
			Index             int
			Changes           []int
		}
		if err := json.Unmarshal(line, &m); err != nil {
			t.Fatalf("%v in a whole line: %q", err, line)
		}
		l.starts, l.lengths = append(l.starts, l.size), append(l.lengths, int64(len(line))+1)
		l.kinds, l.names = append(l.kinds, m.Kind), append(l.names, m.Changes)
		l.size += int64(len(line)) + 1
		switch m.Kind {
		case "change":
			l.ids = append(l.ids, task.Key(m.ID))
			l.planEnd = l.size
		case "sending":
			for _, i := range m.Changes {
				l.sent[l.ids[i]]++
			}
		case "result":
			id := l.ids[m.Index]
			l.applied[id] = l.applied[id] || m.Outcome == "applied"
		}
		data = rest
	}
}
