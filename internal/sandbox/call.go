package sandbox

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"taskrecon/internal/task"
)

// The kinds of occasion, which are also the targets that a fault may name.
const (
	KindList   = "list"
	KindListed = "listed" // one task of a page of the list
	KindGet    = "get"
	KindPatch  = "patch"
	KindStatus = "status" // updateStatus
	KindBatch  = "batch"
	kindOther  = "other" // unknown path: 404
	kindMethod = "method"
)

// call is one request, or one item of a batch.
type call struct {
	kind            string
	id              string // of the task, where the path names one
	key             string // task.Key of it
	uri             string
	query           url.Values
	body            []byte
	items           []item // of a batch
	refused         error  // why a batch is refused whole, or an item
	itemID          string // of an item, "" for a call by itself
	origin          string // scheme and host under which the client sees the service
	requestID       string
	clientRequestID string
	token           string
	dateOff         time.Duration
	oddHeaders      bool // of the items
	rng             *rand.Rand
	late            *[]lateWrite // shared by the items of a batch
}

func (c *call) isWrite() bool { return c.kind == KindPatch || c.kind == KindStatus }

// now is the time by the service's clock.
func (c *call) now() time.Time { return time.Now().Add(c.dateOff).UTC() }

// stamp sets the headers that every answer has.
func (c *call) stamp(w http.ResponseWriter) {
	w.Header().Set("Date", c.now().Format(http.TimeFormat))
	w.Header().Set("request-id", c.requestID)
	w.Header().Set("client-request-id", c.clientRequestID)
}

func (c *call) occasion(whole bool) Occasion {
	return Occasion{
		Whole: whole, Kind: c.kind, ID: c.id, Item: c.itemID, Items: len(c.items),
		Request: c.clientRequestID, Body: c.body, Rand: c.rng,
	}
}

func (s *Server) newCall(r *http.Request, body []byte) *call {
	c := &call{uri: r.URL.RequestURI(), query: r.URL.Query(), body: body, origin: "http://" + r.Host, late: new([]lateWrite)}
	if r.TLS != nil {
		c.origin = "https://" + r.Host
	}
	if scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " "); strings.EqualFold(scheme, "Bearer") {
		c.token = strings.TrimSpace(token)
	}
	c.rng = s.generator(r.Method, c.uri, string(body))
	c.requestID = guid(c.rng)
	c.clientRequestID = r.Header.Get("client-request-id")
	if c.clientRequestID == "" {
		c.clientRequestID = c.requestID
	}
	version, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	switch {
	case version != "beta":
		c.kind = kindOther
	case rest == "$batch" && r.Method == http.MethodPost:
		c.kind = KindBatch
		c.items, c.refused = readBatch(body)
	case rest == "$batch":
		c.kind = kindMethod
	default:
		c.route(r.Method, rest)
	}
	return c
}

// generator makes the generator of the next call with the given parts: what it draws does not depend on the order in which calls of
// different parts come in.
func (s *Server) generator(parts ...string) *rand.Rand {
	h := fnv.New64a()
	for _, p := range parts {
		_, _ = h.Write([]byte(p)) // a hash takes everything
		_, _ = h.Write([]byte{0})
	}
	sum := h.Sum64()
	s.mu.Lock()
	n := s.asked[sum]
	s.asked[sum]++
	s.mu.Unlock()
	return rand.New(rand.NewPCG(s.opt.Seed, sum+n*0x9e3779b97f4a7c15))
}

// keyForm is the other way in which OData writes a key into a path.
var keyForm = regexp.MustCompile(`\('(?:[^'/]|'')+'\)`)

// route sets the kind and the id from a path relative to the version root. Segments are compared
// without regard to case, as Graph does.
func (c *call) route(method, path string) {
	path = keyForm.ReplaceAllStringFunc(path, func(m string) string { // Tasks('it''s') is Tasks/it's
		key := strings.ReplaceAll(m[len("('"):len(m)-len("')")], "''", "'")
		return "/" + key
	})
	parts := strings.Split(strings.Trim(path, "/"), "/")
	c.kind = kindOther
	if len(parts) < 2 || len(parts) > 4 || !strings.EqualFold(parts[0], "deviceAppManagement") ||
		!strings.EqualFold(parts[1], "deviceAppManagementTasks") {
		return
	}
	if len(parts) > 2 {
		c.id = parts[2]
		c.key = task.Key(c.id)
	}
	if len(parts) == 4 && !strings.EqualFold(strings.TrimPrefix(parts[3], "microsoft.graph."), "updateStatus") {
		return
	}
	switch n := len(parts); {
	case n == 2 && method == http.MethodGet:
		c.kind = KindList
	case n == 3 && method == http.MethodGet:
		c.kind = KindGet
	case n == 3 && method == http.MethodPatch:
		c.kind = KindPatch
	case n == 4 && method == http.MethodPost:
		c.kind = KindStatus
	default:
		c.kind = kindMethod
	}
}

// one answers a request, alone or as an item, within the limits, and says what was decided about it.
func (s *Server) one(c *call) (answer, Decision) {
	if wait, ok := s.arrive(c); !ok {
		return c.failed(Decision{Status: http.StatusTooManyRequests, RetryAfter: retryAfter(wait)}), Decision{}
	}
	d := s.decide(c.occasion(false))
	s.editAs(c.id, d.EditBefore)
	a := s.finish(c, s.perform(c, d), d)
	s.editAs(c.id, d.EditAfter)
	return a, d
}

// arrive counts a request against the limits; if they refuse it, wait is how long until one more fits.
func (s *Server) arrive(c *call) (wait time.Duration, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.isWrite() {
		s.stats.Writes++
	}
	if c.kind == KindPatch {
		s.stats.Received[c.key]++
	}
	if wait, ok = s.admit(c.isWrite()); !ok {
		s.stats.Throttled++
	}
	return wait, ok
}

func (s *Server) perform(c *call, d Decision) answer {
	switch c.kind {
	case KindList:
		return s.list(c, d)
	case KindGet:
		return s.get(c, d)
	case KindPatch, KindStatus:
		return s.write(c, d)
	case kindMethod:
		return c.fail(http.StatusMethodNotAllowed, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.")
	}
	return c.fail(http.StatusNotFound, "BadRequest", "Resource not found for the segment.")
}

// guid makes a random GUID of version 4.
func guid(rng *rand.Rand) string {
	a, b := rng.Uint64(), rng.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", a>>32, a>>16&0xffff, a&0xfff, b>>48&0x3fff|0x8000, b&0xffffffffffff)
}
