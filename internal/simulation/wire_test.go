package simulation

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"taskrecon/internal/sandbox"
	"taskrecon/internal/task"
)

// exchange is one HTTP call as both ends saw it. Times are zero for what never came to be.
type exchange struct {
	leg     *leg
	request string // client-request-id
	kind    string
	items   []*item // of a batch
	fate    fate

	left   time.Time // when the client made the call
	made   bool      // it went on the wire
	served time.Time // when the service did the work
	back   time.Time // when the client had the answer, or gave up
	status int
	wait   string               // Retry-After
	body   []byte               // as the client has it; nil where it has no whole answer
	page   map[string]values    // of a page: what the client read, by key
	shown  map[string]time.Time // of a page: the moment as of which it shows a task, by key
}

const (
	kindList  = "list"
	kindBatch = "batch"
	kindOne   = "one" // a task by its id, alone
	kindOther = "other"
)

// item is one request of a batch.
type item struct {
	ex     *exchange
	ID     string            `json:"id"`
	Method string            `json:"method"`
	URL    string            `json:"url"`
	Head   map[string]string `json:"headers"`
	Body   json.RawMessage   `json:"body"`

	key    string // of the task
	action bool   // updateStatus
	n      int    // of its kind for its task, from 0
	served time.Time
	as     time.Time // a read shows the state of this time
	answer *answer   // the one readable answer that the client has; nil is none
}

// answer is what the client has of an item.
type answer struct {
	status int
	wait   string // Retry-After
	values values // of the task, nil where the body is not that task
}

// values are a task's properties as JSON, null taken for the empty string.
type values map[string]string

func (it *item) write() bool { return it.Method != http.MethodGet }

func (it *item) kind() string {
	switch {
	case !it.write():
		return "get"
	case it.action:
		return "action"
	}
	return "patch"
}

// first says what the call asks for first, so that its fate can be drawn for that.
func (ex *exchange) first() string {
	if len(ex.items) == 0 {
		return ""
	}
	return ex.items[0].kind() + " " + ex.items[0].key
}

func (ex *exchange) writes() bool { return len(ex.items) > 0 && ex.items[0].write() }

var errDead = errors.New("the process is dead")

// wire is the way from one leg to the service.
type wire struct{ leg *leg }

// RoundTrip carries a call to the service and its answer back. What left arrives, whatever becomes of the client meanwhile.
func (w wire) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := readBody(req)
	if err != nil {
		return nil, err
	}
	ex, err := w.leg.world.depart(w.leg, req, body)
	if err != nil {
		return nil, err
	}
	resp, err := w.carry(ex, req, body)
	ex.leg.world.landed(ex, resp, err)
	return resp, err
}

func readBody(req *http.Request) ([]byte, error) {
	if req.Body == nil {
		return nil, nil
	}
	defer req.Body.Close()
	return io.ReadAll(req.Body)
}

func (w wire) carry(ex *exchange, req *http.Request, body []byte) (*http.Response, error) {
	ctx := req.Context()
	trace := httptrace.ContextClientTrace(ctx)
	if trace != nil && trace.GetConn != nil {
		trace.GetConn(req.URL.Host)
	}
	if ex.fate.refused {
		if err := w.sleep(ctx, ex.fate.out); err != nil {
			return nil, err
		}
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	}
	if trace != nil && trace.GotConn != nil {
		trace.GotConn(httptrace.GotConnInfo{})
	}
	gone, leave := context.WithCancel(context.Background())
	defer leave() // a service that hangs sees that the client has gone
	answered := make(chan func() (*http.Response, error), 1)
	go func() {
		time.Sleep(ex.fate.out)
		if ex.fate.lost {
			answered <- func() (*http.Response, error) { return nil, syscall.ECONNRESET }
			return
		}
		answered <- ex.leg.world.serve(gone, ex, req, body)
	}()
	select {
	case answer := <-answered:
		if err := w.sleep(ctx, ex.fate.back); err != nil {
			return nil, err
		}
		return answer()
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-w.leg.dead:
		return nil, errDead
	}
}

func (w wire) sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-w.leg.dead:
		return errDead
	}
}

// serve has the service answer a call, and returns the answer as it will reach the client.
func (w *world) serve(gone context.Context, ex *exchange, req *http.Request, body []byte) func() (*http.Response, error) {
	in := req.Clone(gone)
	in.Body, in.Host, in.RequestURI = io.NopCloser(strings.NewReader(string(body))), req.URL.Host, req.URL.RequestURI()
	rec := httptest.NewRecorder()
	broken := false
	func() {
		defer func() {
			if p := recover(); p != nil {
				if p != http.ErrAbortHandler {
					panic(p)
				}
				broken = true
			}
		}()
		w.server.ServeHTTP(rec, in)
	}()
	return func() (*http.Response, error) {
		resp := rec.Result()
		resp.Request = req
		switch {
		case broken && rec.Body.Len() == 0:
			return nil, syscall.ECONNRESET
		case broken:
			resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(rec.Body.String()), failing{}))
		}
		return resp, nil
	}
}

// failing is a body that breaks off.
type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// depart takes a call on record as it leaves, and draws its fate.
func (w *world) depart(l *leg, req *http.Request, body []byte) (*exchange, error) {
	ex := &exchange{leg: l, request: req.Header.Get("client-request-id"), left: time.Now(), kind: kindOther, shown: map[string]time.Time{}}
	switch path := req.URL.Path; {
	case strings.HasSuffix(path, "/$batch"):
		ex.kind = kindBatch
		var in struct{ Requests []*item }
		if err := json.Unmarshal(body, &in); err != nil {
			w.complain("leg %d sent a batch that is no JSON: %v", l.n, err)
		}
		ex.items = in.Requests
	case strings.HasSuffix(path, "/deviceAppManagementTasks"):
		ex.kind = kindList
	case strings.Contains(path, "/deviceAppManagementTasks/") && req.Method == http.MethodGet:
		ex.kind = kindOne
		ex.items = []*item{{Method: req.Method, URL: path}}
	default:
		w.complain("leg %d asks for %s %s", l.n, req.Method, req.URL)
	}
	for _, it := range ex.items {
		it.ex = ex
		path, action := strings.CutSuffix(it.URL, "/updateStatus")
		it.key, it.action = task.Key(path[strings.LastIndex(path, "/")+1:]), action
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if l.isDead() {
		return nil, errDead
	}
	if w.script != nil {
		ex.fate = w.script(ex)
	} else {
		ex.fate = w.sc.drawFate(ex, w.count(ex.kind, ex.first()), w.lied)
	}
	w.meddle(ex)
	ex.made = !ex.fate.refused
	w.log = append(w.log, ex)
	w.byRequest[ex.request] = ex
	l.departs(ex)
	return ex, nil
}

// meddle lets another editor come between a look and a write, or between a write and its effect.
func (w *world) meddle(ex *exchange) {
	for _, it := range ex.items {
		d := roll(w.sc.seed, "meddle", it.kind(), it.key, it.n)
		row := slices.IndexFunc(w.sc.rows, func(r row) bool { return r.key == it.key })
		if row < 0 || !w.sc.rows[row].exists || !d.chance(w.sc.inTransit) || w.sc.off["edits"] {
			continue
		}
		p := pick(d, w.sc.rows[row].wishes...)
		e := edit{row: row, property: p.property, value: pick(d, p.begin, p.wanted, p.third[0], p.third[len(p.third)-1])}
		time.AfterFunc(d.upTo(pick(d, time.Second, 5*time.Second)), func() { w.edit(e) })
		branch("edit between look and effect")
	}
}

// count numbers what is asked for, from 0; w.mu is held.
func (w *world) count(kind, what string) int {
	n := w.counts[kind+" "+what]
	w.counts[kind+" "+what]++
	return n
}

// landed notes what the client has of an answer.
func (w *world) landed(ex *exchange, resp *http.Response, err error) {
	var body []byte
	if err == nil {
		body, err = io.ReadAll(resp.Body)
		resp.Body = io.NopCloser(&half{strings.NewReader(string(body)), err})
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	ex.back = time.Now()
	if err == nil {
		ex.status, ex.body, ex.wait = resp.StatusCode, body, resp.Header.Get("Retry-After")
		ex.read()
		ex.leg.lands(ex)
	}
}

// half is a body that was read already, with the error that it ended in.
type half struct {
	*strings.Reader
	err error
}

func (h *half) Read(b []byte) (int, error) {
	n, err := h.Reader.Read(b)
	if err == io.EOF && h.err != nil {
		err = h.err
	}
	return n, err
}

// read gives each item its answer, where there is one and one alone.
func (ex *exchange) read() {
	var out struct {
		Responses []struct {
			ID      string
			Status  int
			Headers map[string]string
			Body    json.RawMessage
		}
	}
	if ex.kind == kindOne {
		it := ex.items[0]
		it.answer = &answer{status: ex.status, values: valuesOf(ex.body, it.key)}
		return
	}
	if ex.kind != kindBatch || json.Unmarshal(ex.body, &out) != nil {
		return
	}
	for _, it := range ex.items {
		found := 0
		for _, r := range out.Responses {
			if r.ID != it.ID {
				continue
			}
			found++
			it.answer = &answer{status: r.Status, values: valuesOf(r.Body, it.key)}
			for name, value := range r.Headers {
				if strings.EqualFold(name, "Retry-After") {
					it.answer.wait = value
				}
			}
		}
		if found != 1 {
			it.answer = nil
		}
	}
}

// valuesOf reads a task; nil where it is not the one that is asked for.
func valuesOf(body json.RawMessage, key string) values {
	var object map[string]json.RawMessage
	if json.Unmarshal(body, &object) != nil || object == nil {
		return nil
	}
	v := values{}
	for name, raw := range object {
		v[name] = string(raw)
		if string(raw) == "null" {
			v[name] = `""`
		}
	}
	var id string
	if json.Unmarshal(object["id"], &id) != nil || task.Key(id) != key {
		return nil
	}
	return v
}

// decide is asked by the sandbox what becomes of a call, its requests, and the tasks of a page.
func (w *world) decide(o sandbox.Occasion) sandbox.Decision {
	w.mu.Lock()
	defer w.mu.Unlock()
	ex := w.byRequest[o.Request]
	if ex == nil {
		w.complain("the service was asked by an unknown call %q", o.Request)
		return sandbox.Decision{}
	}
	now := time.Now()
	switch {
	case o.Whole:
		ex.served = now
		d := ex.fate.whole
		d.Traits |= sandbox.OddHeaders
		return d
	case o.Kind == sandbox.KindListed:
		key := task.Key(o.ID)
		var d sandbox.Decision
		if ex.fate.task != nil {
			d = ex.fate.task(key)
		}
		ex.shown[key] = now.Add(-d.Lag)
		return d
	case ex.kind == kindList:
		if len(ex.fate.items) > 0 {
			return ex.fate.items[0].Decision
		}
		return sandbox.Decision{}
	}
	for i, it := range ex.items {
		if it.ID == o.Item {
			d := ex.fate.items[i].Decision
			it.served, it.as = now, now.Add(-d.Lag)
			return d
		}
	}
	w.complain("the service was asked for item %q, which is not in its call", o.Item)
	return sandbox.Decision{}
}

var _ http.RoundTripper = wire{}

// complaints gathers what is wrong; it has a lock of its own, since it is called under others.
type complaints struct {
	mu  sync.Mutex
	all []string
}
