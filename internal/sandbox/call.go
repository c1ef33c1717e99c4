package sandbox

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"

	"taskrecon/internal/task"
)

// The kinds of call, which are also the targets that a fault of whole calls may name.
const (
	kindList   = "list"
	kindGet    = "get"
	kindPatch  = "patch"
	kindStatus = "status"
	kindBatch  = "batch"
	kindOther  = "other" // unknown path: 404
	kindMethod = "method"
)

// call is one request, or one item of a batch.
type call struct {
	kind            string
	id              string // of the task, where the path names one
	key             string // task.Key of it
	query           url.Values
	body            []byte
	origin          string // scheme and host under which the client sees the service
	requestID       string
	clientRequestID string
	batched         bool
}

func (c *call) isWrite() bool { return c.kind == kindPatch || c.kind == kindStatus }

func (s *Server) newCall(r *http.Request) *call {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	s.mu.Lock()
	c := &call{query: r.URL.Query(), origin: scheme + "://" + r.Host, requestID: guid(s.rng)}
	s.mu.Unlock()
	c.clientRequestID = r.Header.Get("client-request-id")
	if c.clientRequestID == "" {
		c.clientRequestID = c.requestID
	}
	version, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	switch {
	case version != "beta":
		c.kind = kindOther
	case rest == "$batch" && r.Method == http.MethodPost:
		c.kind = kindBatch
	case rest == "$batch":
		c.kind = kindMethod
	default:
		c.route(r.Method, rest)
	}
	return c
}

// route sets the kind and the id from a path relative to the version root. Segments are compared
// without regard to case, as Graph does.
func (c *call) route(method, path string) {
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
		c.kind = kindList
	case n == 3 && method == http.MethodGet:
		c.kind = kindGet
	case n == 3 && method == http.MethodPatch:
		c.kind = kindPatch
	case n == 4 && method == http.MethodPost:
		c.kind = kindStatus
	default:
		c.kind = kindMethod
	}
}

// one answers a call that is not a batch, within the limits, and names the fault that befell it.
func (s *Server) one(c *call) (answer, Fault) {
	d := s.draft(c)
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.isWrite() {
		s.stats.Writes++
	}
	if c.kind == kindPatch {
		s.stats.Received[c.key]++
	}
	if wait, ok := s.admit(c.isWrite()); !ok {
		s.stats.Throttled++
		return c.throttled(retryAfter(wait), false), Fault{}
	}
	s.editCalled("edit-before", c)
	defer s.editCalled("edit-after", c)
	fault := s.itemFault(c)
	if a, done := s.refusal(c, fault); done {
		return a, fault
	}
	return s.distort(c, s.perform(c, d, fault.Name), fault), fault
}

func (s *Server) perform(c *call, d draft, fault string) answer {
	switch c.kind {
	case kindList:
		return s.list(c)
	case kindGet:
		return s.get(c)
	case kindPatch:
		return s.patch(c, d, fault)
	case kindStatus:
		return s.updateStatus(c, d, fault)
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
