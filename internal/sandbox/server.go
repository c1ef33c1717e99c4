package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"taskrecon/internal/task"
)

// The published limits per app and tenant, and the other defaults that a zero Options means.
const (
	defaultWriteLimit = 100
	defaultReadLimit  = 1000
	defaultWindow     = 20 * time.Second
	defaultPageSize   = 200
	defaultSlow       = 3 * time.Second          // of faults that take seconds
	hugeBytes         = 64 << 20                 // that the fault huge sends
	foreign           = "http://foreign.invalid" // root of the other host in foreign-next and redirect
	maxBody           = 4 << 20
)

// Options say how a sandbox behaves. The zero value is the service as published, without faults.
type Options struct {
	WriteLimit int           // POST, PUT, PATCH and DELETE in a window; 0 = published, negative = no limit
	ReadLimit  int           // requests of any kind in a window; 0 = published, negative = no limit
	Window     time.Duration // length of the sliding window
	PageSize   int           // tasks on a page of the list
	Seed       uint64        // of the order of batch answers, the case of odd header names, request ids, and what Decide and faults draw
	Faults     []Fault
	Latency    time.Duration // added to every request
	Token      string        // the only bearer token accepted; "" accepts any that is not empty
	RetryAfter string        // seconds that the faults which throttle ask for; "" = "1"
	Others     Traffic       // writes of other applications, which eat the same limits

	// Decide says what becomes of each occasion, in the place of Faults. It may be called by many goroutines at once, and may call the
	// methods of the server.
	Decide func(Occasion) Decision
}

// Traffic is a steady stream of writes: N in each Per, from the start of the sandbox for the time For; 0 is without end.
type Traffic struct {
	N   int
	Per time.Duration
	For time.Duration
}

func (o Options) withDefaults() Options {
	def := func(n *int, d int) {
		if *n == 0 {
			*n = d
		}
	}
	def(&o.WriteLimit, defaultWriteLimit)
	def(&o.ReadLimit, defaultReadLimit)
	def(&o.PageSize, defaultPageSize)
	if o.Window <= 0 {
		o.Window = defaultWindow
	}
	if o.RetryAfter == "" {
		o.RetryAfter = "1"
	}
	return o
}

// Stats counts what a sandbox has seen. Ids are in the form of task.Key.
type Stats struct {
	Requests  int            // HTTP requests, a batch being one
	Batches   int            // of these, well-formed calls of $batch
	Writes    int            // PATCH and updateStatus that came in, alone or as an item, throttled ones too
	Throttled int            // requests and items that the limits refused
	Edits     int            // changes that other editors made
	Pending   int            // writes that are still to take effect
	Received  map[string]int // PATCHes that came in, by id
	Applied   map[string]int // PATCHes and status updates that took effect, by id
}

// Server is the stand-in, an http.Handler. It may be used by many goroutines at once.
type Server struct {
	opt     Options
	decide  func(Occasion) Decision
	perTask bool           // something may be decided about a task of a page
	index   map[string]int // by task.Key; never changes

	mu     sync.Mutex // guards everything below
	tasks  []*record  // the present states
	asked  map[uint64]uint64
	writes window
	any    window
	others others
	stats  Stats
}

// New makes a sandbox that holds tasks, each a JSON object with an id and an @odata.type. It fails
// if one is not, if two share an id, if a fault is unknown, or if there are both faults and Decide. The tasks are copied.
func New(tasks []json.RawMessage, o Options) (*Server, error) {
	o = o.withDefaults()
	now := time.Now()
	s := &Server{
		opt:    o,
		index:  make(map[string]int, len(tasks)),
		asked:  map[uint64]uint64{},
		writes: newWindow(o.WriteLimit, o.Window),
		any:    newWindow(o.ReadLimit, o.Window),
		others: newOthers(o.Others, now),
		stats:  Stats{Received: map[string]int{}, Applied: map[string]int{}},
	}
	for i, raw := range tasks {
		r, err := newRecord(raw)
		if err != nil {
			return nil, fmt.Errorf("task %d: %w", i+1, err)
		}
		key := task.Key(r.id)
		if _, twice := s.index[key]; twice {
			return nil, fmt.Errorf("task %d: the id %q is already taken", i+1, r.id)
		}
		r.Version = Version{At: now, By: ByStart}
		s.index[key] = len(s.tasks)
		s.tasks = append(s.tasks, r)
	}
	if s.decide, s.perTask = o.Decide, o.Decide != nil; s.perTask && len(o.Faults) > 0 {
		return nil, errors.New("a sandbox takes either faults or Decide")
	}
	if s.decide == nil {
		plan, err := arm(o.Faults)
		if err != nil {
			return nil, err
		}
		s.decide, s.perTask = plan.decide, plan.perTask()
	}
	return s, nil
}

// Tasks returns a copy of all tasks as they are now, in the order of the list.
func (s *Server) Tasks() []json.RawMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]json.RawMessage, 0, len(s.tasks))
	for _, r := range s.tasks {
		if r.body != nil {
			out = append(out, slices.Clone(r.body))
		}
	}
	return out
}

// Task returns a copy of one task as it is now; the case of id does not count.
func (s *Server) Task(id string) (json.RawMessage, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, ok := s.at(task.Key(id))
	if !ok {
		return nil, false
	}
	return slices.Clone(s.tasks[i].body), true
}

// Stats returns the counts up to now.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.stats
	out.Received, out.Applied = maps.Clone(out.Received), maps.Clone(out.Applied)
	return out
}

// ServeHTTP answers one request. It panics with http.ErrAbortHandler where a fault breaks the connection. In a testing/synctest bubble,
// called over a net.Listener in memory or by an http.RoundTripper itself, all that it does happens in virtual time.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.count(func(st *Stats) { st.Requests++ })
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	c := s.newCall(r, body)
	c.stamp(w)
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		write(w, c.failed(Decision{Status: http.StatusRequestEntityTooLarge}))
		return
	}
	if err != nil {
		return // the client has gone
	}
	if c.token == "" || (s.opt.Token != "" && c.token != s.opt.Token) {
		write(w, c.fail(http.StatusUnauthorized, "InvalidAuthenticationToken", "Access token is empty or not valid."))
		return
	}
	d := s.decide(c.occasion(true))
	if !pause(r.Context(), s.opt.Latency+d.Latency) {
		return
	}
	c.dateOff, c.oddHeaders = d.DateOff, d.Traits&OddHeaders != 0
	c.stamp(w)
	defer s.release(c)
	a := answer{status: http.StatusOK}
	if !d.Never {
		a = s.answer(c)
	}
	a = s.finish(c, a, d)
	a.body = d.Traits.dress(w.Header(), a.body)
	s.send(w, r, a, d)
}

func (s *Server) answer(c *call) answer {
	if c.kind == KindBatch {
		return s.batch(c)
	}
	a, _ := s.one(c)
	return a
}

func (s *Server) count(in func(*Stats)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	in(&s.stats)
}

// pause waits for d and reports whether ctx is still wanted.
func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// answer is what goes back for one request or batch item.
type answer struct {
	status                  int
	contentType, retryAfter string // headers; "" for none
	requestID, location     string // the same; a call has a request-id in any case
	body                    []byte // JSON, or nil for none
}

func jsonAnswer(status int, body []byte) answer {
	return answer{
		status: status, body: body,
		contentType: "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8",
	}
}

func write(w http.ResponseWriter, a answer) {
	h := w.Header()
	for name, value := range map[string]string{"Content-Type": a.contentType, "Retry-After": a.retryAfter, "request-id": a.requestID, "Location": a.location} {
		if value != "" {
			h.Set(name, value)
		}
	}
	if len(a.body) > 0 && h.Get("Content-Length") == "" {
		h.Set("Content-Length", strconv.Itoa(len(a.body)))
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // a client that has gone is no concern of the service
}
