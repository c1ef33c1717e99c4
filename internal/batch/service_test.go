package batch_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"taskrecon/internal/batch"
	"taskrecon/internal/diff"
	"taskrecon/internal/graph"
)

// stamp is one item as the service handled it.
type stamp struct {
	at      time.Time
	write   bool
	refused bool
}

// service is a tenant behind a strict sliding window, in which throttled requests count as well. It answers at the level of
// Poster, so that long runs in virtual time cost little.
type service struct {
	mu       sync.Mutex
	objects  map[string]map[string]any
	writes   batch.Rate // N <= 0 is none
	any      batch.Rate
	least    time.Duration // latency
	most     time.Duration
	latency  func(since time.Duration) time.Duration // in place of least and most
	bodiless bool                                    // answers to writes hold no task
	lag      time.Duration                           // of reads
	counted  float64                                 // at which part of its latency a call is handled
	started  time.Time
	written  map[string]time.Time
	before   map[string]map[string]any
	left     [2]time.Time                    // when the first and the last envelope of writes was sent
	advice   func(wait time.Duration) string // Retry-After for a 429; "" is none
	others   []time.Time                     // writes of another application, in order
	rng      *rand.Rand
	edit     func(at time.Time, id string) // called as a task is handled, under the lock, before it is looked at
	known    map[string]time.Time          // when a task was last read
	age      time.Duration                 // the oldest reading upon which a write was made
	unread   int                           // writes without a reading
	window   []time.Time                   // writes of all, oldest first
	windowed []time.Time                   // requests of any kind
	stamps   []stamp
	sizes    []int // of envelopes of writes
	reads    []int // of envelopes of readings
}

func newService(seed uint64) *service {
	rng := rand.New(rand.NewPCG(seed, 7))
	return &service{
		written: map[string]time.Time{}, before: map[string]map[string]any{},
		counted: rng.Float64(), started: time.Now(),
		objects: map[string]map[string]any{}, known: map[string]time.Time{},
		writes: batch.PublishedWrites, any: batch.PublishedReads, least: 100 * time.Millisecond, most: 100 * time.Millisecond,
		advice: seconds, rng: rng,
	}
}

// seconds is a Retry-After as most services give it: whole seconds, rounded up.
func seconds(wait time.Duration) string {
	return fmt.Sprint(int((wait + time.Second - 1) / time.Second))
}

func (sv *service) Batch(_ context.Context, _ string, items []graph.Item) (*graph.Reply, error) {
	sv.mu.Lock()
	total := sv.least
	if sv.most > sv.least {
		total += time.Duration(sv.rng.Int64N(int64(sv.most - sv.least)))
	}
	if sv.latency != nil {
		total = sv.latency(time.Since(sv.started))
	}
	if items[0].Method != http.MethodGet {
		if sv.left[1] = time.Now(); sv.left[0].IsZero() {
			sv.left[0] = sv.left[1]
		}
	}
	before := time.Duration(sv.counted * float64(total))
	sv.mu.Unlock()
	time.Sleep(before)
	answers := sv.handle(items)
	time.Sleep(total - before)
	data, err := json.Marshal(map[string]any{"responses": answers})
	if err != nil {
		return nil, err
	}
	return replyOf(data)
}

// replyOf has graph.Client read an answer, which alone can make an Answer with headers.
func replyOf(data []byte) (*graph.Reply, error) {
	root, err := url.Parse("https://graph.example.com")
	if err != nil {
		return nil, err
	}
	c := graph.New(graph.Config{Root: root, Credential: pass{}, UserAgent: "test", Transport: pass{data}})
	return c.Batch(context.Background(), "x", []graph.Item{{ID: "1", Method: http.MethodGet, URL: "x"}})
}

type pass struct{ data []byte }

func (pass) Token(context.Context, bool) (string, error) { return "token", nil }
func (p pass) RoundTrip(*http.Request) (*http.Response, error) {
	return response(http.StatusOK, nil, raw(p.data)), nil
}

func (sv *service) handle(items []graph.Item) []any {
	sv.mu.Lock()
	defer sv.mu.Unlock()
	var answers []any
	write := items[0].Method != http.MethodGet
	if write {
		sv.sizes = append(sv.sizes, len(items))
	} else {
		sv.reads = append(sv.reads, len(items))
	}
	for _, it := range items {
		answers = append(answers, sv.item(it))
	}
	return answers
}

func (sv *service) item(it graph.Item) any {
	now, write := time.Now(), it.Method != http.MethodGet
	for len(sv.others) > 0 && !sv.others[0].After(now) {
		sv.window, sv.others = append(sv.window, sv.others[0]), sv.others[1:]
	}
	wait := room(&sv.windowed, sv.any, now)
	sv.windowed = append(sv.windowed, now)
	if write {
		wait = max(wait, room(&sv.window, sv.writes, now))
		sv.window = append(sv.window, now)
	}
	sv.stamps = append(sv.stamps, stamp{now, write, wait > 0})
	if wait > 0 {
		answer := map[string]any{"id": it.ID, "status": 429, "body": errorBody(429)}
		if after := sv.advice(wait); after != "" {
			answer["headers"] = map[string]string{"Retry-After": after}
		}
		return answer
	}
	id, _, _ := strings.Cut(strings.TrimPrefix(it.URL, graph.TasksPath+"/"), "/")
	if sv.edit != nil {
		sv.edit(now, id)
	}
	object := sv.objects[id]
	if !write {
		sv.known[id] = now
		if w, ok := sv.written[id]; ok && now.Sub(w) < sv.lag {
			return map[string]any{"id": it.ID, "status": 200, "body": sv.before[id]}
		}
		return map[string]any{"id": it.ID, "status": 200, "body": clone(object)}
	}
	if read, ok := sv.known[id]; ok {
		sv.age = max(sv.age, now.Sub(read))
	} else {
		sv.unread++
	}
	var fields map[string]any
	if err := json.Unmarshal(it.Body, &fields); err != nil {
		panic(err)
	}
	delete(fields, "@odata.type")
	delete(fields, "note")
	if sv.lag > 0 {
		sv.written[id], sv.before[id] = now, clone(object)
	}
	for k, v := range fields {
		object[k] = v
	}
	if it.Method == http.MethodPost || sv.bodiless {
		return map[string]any{"id": it.ID, "status": 204}
	}
	return map[string]any{"id": it.ID, "status": 200, "body": clone(object)}
}

// room is how long it takes until one more request fits; 0 is none.
func room(past *[]time.Time, r batch.Rate, now time.Time) time.Duration {
	for len(*past) > 0 && now.Sub((*past)[0]) >= r.Per {
		*past = (*past)[1:]
	}
	if r.N <= 0 || len(*past) < r.N {
		return 0
	}
	return (*past)[len(*past)-r.N].Add(r.Per).Sub(now)
}

// crowded is the most writes that the service handled within any time of length per.
func (sv *service) crowded(per time.Duration, writes bool) int {
	var in []time.Time
	most := 0
	for _, st := range sv.stamps {
		if writes && !st.write {
			continue
		}
		for len(in) > 0 && st.at.Sub(in[0]) >= per {
			in = in[1:]
		}
		in = append(in, st.at)
		most = max(most, len(in))
	}
	return most
}

// between counts the writes and the refused of them in a span of the run.
func (sv *service) between(start time.Time, from, to time.Duration) (taken, refused int) {
	for _, st := range sv.stamps {
		if d := st.at.Sub(start); st.write && d >= from && d < to {
			if st.refused {
				refused++
			} else {
				taken++
			}
		}
	}
	return taken, refused
}

// paced is one sending of n changes to a service, in a bubble of virtual time.
type paced struct {
	*run
	sv  *service
	ctx context.Context
}

func pacing(t *testing.T, n int, set func(*paced)) (p *paced) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p = &paced{run: newRun(n), sv: newService(uint64(n)), ctx: t.Context()}
		p.sv.objects = p.tenant.objects
		p.o = batch.Options{}
		p.started = time.Now()
		set(p)
		p.stats, p.err = batch.Send(p.ctx, p.changes, p.sv, p.rec, p.o)
		p.took = time.Since(p.started)
	})
	for _, c := range p.rec.complaints {
		t.Error(c)
	}
	return p
}

// all fails the test unless every change was applied.
func (p *paced) all(t *testing.T) {
	t.Helper()
	if got := p.outcomes(); p.err != nil || got[diff.Applied] != len(p.changes) {
		t.Errorf("outcomes %v, error %v", got, p.err)
	}
	for i := range p.changes {
		if !p.holds(i) {
			t.Fatalf("the tenant does not hold task %d", i)
		}
	}
}

// ideal is the least time in which n writes can leave.
func ideal(n int, r batch.Rate) time.Duration {
	if r.N <= 0 {
		return 0
	}
	return time.Duration((n+r.N-1)/r.N-1) * r.Per
}

// every lists the writes of another application: count at once, each so often, in a span.
func every(start time.Time, count int, each, from, to time.Duration) []time.Time {
	var at []time.Time
	for d := from; d < to; d += each {
		at = append(at, slices.Repeat([]time.Time{start.Add(d)}, count)...)
	}
	return at
}
