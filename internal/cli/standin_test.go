package cli

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sort"
	"strconv"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
)

// standIn is a Graph of twenty lines that shares nothing with the sandbox, so that the two cannot be
// wrong in the same way. It answers in reverse order and writes down every change.
type standIn struct {
	mu      sync.Mutex
	tasks   map[string]map[string]any
	writes  []string
	tokens  map[string]bool
	refused string // id whose change is refused
	message string // of the refusal
}

var standIns sync.Map // *testscript.TestScript to *standIn

// standin [REFUSED-ID [MESSAGE]] starts a stand-in with three security tasks and one of another kind, and sets $GRAPH to its address.
func startStandIn(ts *testscript.TestScript, _ bool, args []string) {
	s := &standIn{tasks: map[string]map[string]any{}, tokens: map[string]bool{}}
	if len(args) > 0 {
		s.refused, s.message = args[0], "no such assignee"
	}
	if len(args) > 1 {
		var err error
		s.message, err = strconv.Unquote(`"` + args[1] + `"`)
		ts.Check(err)
	}
	for i := 1; i <= 3; i++ {
		id := fmt.Sprintf("task-%d", i)
		s.tasks[id] = map[string]any{
			"@odata.type": "#microsoft.graph.securityConfigurationTask", "id": id, "displayName": "Task " + id, "status": "pending",
			"assignedTo": "alice@contoso.com", "priority": "none", "managedDeviceCount": i, "dueDateTime": "2026-12-01T00:00:00Z",
			"description": nil, "intendedSettings": []any{},
		}
	}
	s.tasks["other"] = map[string]any{"@odata.type": "#microsoft.graph.appVulnerabilityTask", "id": "other", "displayName": "Patch it"}
	server := httptest.NewServer(s)
	ts.Defer(server.Close)
	standIns.Store(ts, s)
	ts.Setenv("GRAPH", server.URL)
}

// standin-saw LINE... demands exactly these changes, in any order; a line is "id {body}".
func standInSaw(ts *testscript.TestScript, _ bool, args []string) {
	v, ok := standIns.Load(ts)
	if !ok {
		ts.Fatalf("no stand-in was started")
	}
	s := v.(*standIn)
	s.mu.Lock()
	defer s.mu.Unlock()
	got := append([]string{}, s.writes...)
	sort.Strings(got)
	sort.Strings(args)
	if strings.Join(got, "\n") != strings.Join(args, "\n") {
		ts.Fatalf("the stand-in saw\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(args, "\n"))
	}
}

func (s *standIn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Header.Get("Authorization") == "" {
		http.Error(w, "{}", http.StatusUnauthorized)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	switch {
	case r.Method == "GET" && r.URL.Path == "/beta/deviceAppManagement/deviceAppManagementTasks":
		var list []any
		for _, id := range []string{"task-1", "other", "task-2", "task-3"} {
			list = append(list, s.tasks[id])
		}
		json.NewEncoder(w).Encode(map[string]any{"value": list})
	case r.Method == "POST" && r.URL.Path == "/beta/$batch":
		var in struct{ Requests []standInItem }
		json.NewDecoder(r.Body).Decode(&in)
		var answers []any
		for _, q := range in.Requests {
			answers = append([]any{s.answer(q)}, answers...)
		}
		json.NewEncoder(w).Encode(map[string]any{"responses": answers})
	default:
		http.Error(w, "{}", http.StatusNotFound)
	}
}

type standInItem struct {
	ID, Method, URL string
	Body            map[string]any
}

// answer performs one item of a batch and writes down what it changed.
func (s *standIn) answer(q standInItem) map[string]any {
	target, action := strings.CutSuffix(q.URL, "/updateStatus")
	id := target[strings.LastIndex(target, "/")+1:]
	line, _ := json.Marshal(q.Body)
	answer := map[string]any{"id": q.ID, "status": 200, "body": s.tasks[id]}
	switch {
	case q.Method == "POST" && action:
		s.writes = append(s.writes, id+"/updateStatus "+string(line))
		s.tasks[id]["status"] = q.Body["status"]
		return map[string]any{"id": q.ID, "status": 204}
	case q.Method == "PATCH":
		s.writes = append(s.writes, id+" "+string(line))
		if id == s.refused {
			answer["status"], answer["body"] = 400, map[string]any{"error": map[string]any{"code": "BadRequest", "message": s.message}}
			break
		}
		for k, v := range q.Body {
			s.tasks[id][k] = v
		}
	}
	return answer
}
