package batch_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"taskrecon/internal/graph"
	"taskrecon/internal/task"
)

// reply says how the fake tenant treats one item of an envelope.
type reply struct {
	status  int
	ignore  bool // the PATCH is not carried out
	garbage bool // the PATCH is carried out with other values than those asked for
	body    any  // nil is the whole task after a 2xx, an error document after anything else
	headers map[string]string
	missing bool // no answer to this item
	twice   bool // two answers to this item
}

// absent is the body of an answer that has none.
type absent struct{}

// raw is a body that the answer holds as it is.
type raw string

// refusal is how the fake tenant treats an envelope as a whole.
type refusal struct {
	err     error // no answer at all
	status  int
	headers map[string]string
	body    string
	took    bool // the envelope is carried out all the same
}

// call is one $batch call that reached the tenant.
type call struct {
	at     time.Time
	writes bool
	ids    []string // of the tasks, in the order of the items
	id     string   // client-request-id
}

// tenant is an in-memory service behind a transport. Its scripts are called under the lock, one at a time.
type tenant struct {
	mu       sync.Mutex
	objects  map[string]map[string]any
	latency  time.Duration
	shuffle  bool
	byAction bool // status is to come by updateStatus

	patch  func(id string, attempt int) reply         // nil, or a reply without a status: as it should be
	get    func(id string, attempt int) reply         // the same
	refuse func(n int, c call) *refusal               // nil: the envelope is taken; n counts calls from 1
	token  func(n int) error                          // of the nth request for a token, from 1
	wanted func(id string, o map[string]any) bool     // whether the task is as the plan wants it
	meet   func(requestID string, ids []string) error // called before an envelope of writes is looked at

	calls         []call
	patches, gets map[string]int      // by task; patches are writes of either kind
	bodies        map[string][]string // of the writes, by task
	notes         []any               // of the actions
	known         map[string]bool     // ids that an answer has shown to be as wanted
	tokens        int
	inFlight      int
	mostInFlight  int
	stats         struct{ batches, patches, retries, throttled int }
	complaints    []string
}

func newTenant() *tenant {
	return &tenant{
		objects: map[string]map[string]any{}, latency: time.Second,
		patches: map[string]int{}, gets: map[string]int{}, known: map[string]bool{}, bodies: map[string][]string{},
	}
}

func (tn *tenant) client() *graph.Client {
	root, err := url.Parse("https://graph.example.com")
	if err != nil {
		panic(err)
	}
	return graph.New(graph.Config{Root: root, Credential: tn, UserAgent: "test", Transport: tn})
}

// Token makes the tenant its own credential.
func (tn *tenant) Token(context.Context, bool) (string, error) {
	tn.mu.Lock()
	defer tn.mu.Unlock()
	tn.tokens++
	if tn.token != nil {
		if err := tn.token(tn.tokens); err != nil {
			return "", err
		}
	}
	return "token", nil
}

func (tn *tenant) complain(format string, args ...any) {
	tn.complaints = append(tn.complaints, fmt.Sprintf(format, args...))
}

// RoundTrip takes a $batch call.
func (tn *tenant) RoundTrip(req *http.Request) (*http.Response, error) {
	data, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	tn.mu.Lock()
	tn.inFlight++
	tn.mostInFlight = max(tn.mostInFlight, tn.inFlight)
	tn.mu.Unlock()
	time.Sleep(tn.latency)
	tn.mu.Lock()
	defer tn.mu.Unlock()
	tn.inFlight--
	return tn.take(req, data)
}

func (tn *tenant) take(req *http.Request, data []byte) (*http.Response, error) {
	var in struct{ Requests []graph.Item }
	if err := json.Unmarshal(data, &in); err != nil {
		tn.complain("the envelope cannot be read: %v", err)
	}
	c := call{at: time.Now().Add(-tn.latency), id: req.Header.Get("client-request-id")}
	if n := len(tn.calls); n > 0 && tn.calls[n-1].id == c.id { // the same call with a new token
		return response(http.StatusUnauthorized, nil, errorBody(http.StatusUnauthorized)), nil
	}
	tn.check(&c, in.Requests)
	tn.calls = append(tn.calls, c)
	tn.stats.batches++
	var refused *refusal
	if tn.refuse != nil {
		refused = tn.refuse(len(tn.calls), c)
	}
	if refused != nil && !refused.took {
		for i, it := range in.Requests {
			if it.Method != http.MethodGet {
				tn.countPatch(c.ids[i])
			}
		}
	} else {
		answers := tn.answers(c, in.Requests, refused != nil)
		if refused == nil {
			return response(http.StatusOK, nil, map[string]any{"responses": answers}), nil
		}
	}
	if refused.err != nil {
		return nil, refused.err
	}
	if refused.status == http.StatusTooManyRequests {
		tn.stats.throttled++
	}
	return response(refused.status, refused.headers, raw(refused.body)), nil
}

// check holds an envelope against the rules that no answer depends on.
func (tn *tenant) check(c *call, items []graph.Item) {
	if n := len(items); n < 1 || n > graph.MaxItems {
		tn.complain("an envelope of %d items", n)
	}
	itemIDs := map[string]bool{}
	for i, it := range items {
		path, action := strings.CutSuffix(it.URL, "/updateStatus")
		id := path[strings.LastIndex(path, "/")+1:]
		if path != graph.TaskURL(id) || action != (it.Method == http.MethodPost) || action && !tn.byAction {
			tn.complain("item %q is a %s to %q", it.ID, it.Method, it.URL)
		}
		if writes := it.Method != http.MethodGet; i > 0 && writes != c.writes {
			tn.complain("an envelope mixes patches and readings")
		} else {
			c.writes = writes
		}
		if it.Method != http.MethodGet && it.Headers["Content-Type"] != "application/json" {
			tn.complain("item %q has headers %v", it.ID, it.Headers)
		}
		if it.ID == "" || itemIDs[it.ID] || slices.Contains(c.ids, id) {
			tn.complain("item id %q or task %q stands twice in an envelope", it.ID, id)
		}
		itemIDs[it.ID] = true
		c.ids = append(c.ids, id)
	}
	if c.writes && tn.meet != nil {
		if err := tn.meet(c.id, c.ids); err != nil {
			tn.complain("%v", err)
		}
	}
}

func (tn *tenant) countPatch(id string) (attempt int) {
	if tn.known[id] {
		tn.complain("task %s was sent again although it was known to be as wanted", id)
	}
	tn.stats.patches++
	if tn.patches[id] > 0 {
		tn.stats.retries++
	}
	tn.patches[id]++
	return tn.patches[id]
}

// answers carries the items out, unheard where the envelope's answer is lost.
func (tn *tenant) answers(c call, items []graph.Item, unheard bool) []any {
	answers := []any{}
	for i, it := range items {
		r := tn.scripted(it, c.ids[i])
		if unheard {
			continue
		}
		if r.status == http.StatusTooManyRequests && !r.missing && !r.twice {
			tn.stats.throttled++
		}
		if r.missing {
			continue
		}
		answer := map[string]any{"id": it.ID, "status": r.status, "headers": r.headers, "body": r.body}
		answers = append(answers, answer)
		if r.twice {
			answers = append(answers, answer)
		} else if tn.shown(c.ids[i], r) {
			tn.known[c.ids[i]] = true
		}
	}
	if tn.shuffle {
		slices.Reverse(answers)
	}
	return answers
}

// shown reports whether an answer proves that the task is as wanted.
func (tn *tenant) shown(id string, r reply) bool {
	body, whole := r.body.(map[string]any)
	return r.status == http.StatusOK && whole && body["id"] == id && tn.wanted != nil && tn.wanted(id, body)
}

// scripted carries out one item and completes its answer.
func (tn *tenant) scripted(it graph.Item, id string) reply {
	var r reply
	object := tn.objects[id]
	if it.Method != http.MethodGet {
		tn.bodies[id] = append(tn.bodies[id], string(it.Body))
		if attempt := tn.countPatch(id); tn.patch != nil {
			r = tn.patch(id, attempt)
		}
		if object != nil && !r.ignore {
			tn.carryOut(object, it, r.garbage)
		}
		if it.Method == http.MethodPost && r.status == 0 {
			r.status, r.body = http.StatusNoContent, absent{}
		}
	} else if tn.gets[id]++; tn.get != nil {
		r = tn.get(id, tn.gets[id])
	}
	if r.status == 0 {
		r.status = http.StatusOK
	}
	if object == nil {
		r.status = http.StatusNotFound
	}
	switch body := r.body.(type) {
	case nil:
		r.body = any(errorBody(r.status))
		if r.status/100 == 2 {
			r.body = clone(object)
		}
	case absent:
		r.body = nil
	case raw:
		r.body = json.RawMessage(body)
	}
	return r
}

func (tn *tenant) carryOut(object map[string]any, it graph.Item, garbage bool) {
	var fields map[string]any
	if err := json.Unmarshal(it.Body, &fields); err != nil {
		tn.complain("the body of a %s cannot be read: %v", it.Method, err)
		return
	}
	if it.Method == http.MethodPost {
		tn.notes = append(tn.notes, fields["note"])
		delete(fields, "note")
		if fields["status"] == nil || len(fields) != 1 {
			tn.complain("an action with %s", it.Body)
		}
	} else if fields["@odata.type"] != task.ODataType {
		tn.complain("@odata.type is %v", fields["@odata.type"])
	} else if tn.byAction && fields["status"] != nil {
		tn.complain("status goes by PATCH")
	}
	delete(fields, "@odata.type")
	for name, v := range fields {
		if p := task.Lookup(name); p == nil || !p.Writable {
			tn.complain("a PATCH holds %q", name)
		}
		if garbage {
			v = fmt.Sprintf("%v, but not quite", v)
		}
		object[name] = v
	}
}

func clone(object map[string]any) map[string]any {
	c := map[string]any{}
	for k, v := range object {
		c[k] = v
	}
	return c
}

func errorBody(status int) map[string]any {
	return map[string]any{"error": map[string]any{
		"code": fmt.Sprintf("code%d", status), "message": fmt.Sprintf("message %d", status),
		"innerError": map[string]any{"request-id": "inner-id"},
	}}
}

func response(status int, headers map[string]string, body any) *http.Response {
	text, isRaw := body.(raw)
	data := []byte(text)
	if !isRaw {
		var err error
		if data, err = json.Marshal(body); err != nil {
			panic(err)
		}
	}
	h := http.Header{"Request-Id": {"outer-id"}}
	for k, v := range headers {
		h.Set(k, v)
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(string(data)))}
}

var errReset = errors.New("connection reset by peer")
