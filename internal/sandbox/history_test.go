package sandbox

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// inMemory serves a sandbox without a socket, in the present bubble, and returns a function that sends one request.
func inMemory(t *testing.T, o Options) (*Server, func(method, path, body string) (int, string)) {
	t.Helper()
	s, client, _ := serve(t, o)
	return s, func(method, path, body string) (int, string) {
		t.Helper()
		req, err := http.NewRequest(method, "http://sandbox"+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer x")
		req.Header.Set("client-request-id", "ours")
		res, err := client.RoundTrip(req)
		if err != nil {
			return 0, err.Error()
		}
		defer res.Body.Close()
		data, err := io.ReadAll(res.Body)
		if err != nil {
			return 0, err.Error()
		}
		return res.StatusCode, string(data)
	}
}

// brief is a history in short: second, author, item and value of assignedTo.
func brief(s *Server, id string) string {
	var b strings.Builder
	all := s.History(id)
	for _, v := range all {
		var held struct{ AssignedTo string }
		if v.Task != nil && json.Unmarshal(v.Task, &held) != nil {
			return "no JSON"
		}
		fmt.Fprintf(&b, "%g %s %s%s %s\n", v.At.Sub(all[0].At).Seconds(), v.By, v.Request, v.Item, held.AssignedTo)
	}
	return b.String()
}

const mine = `"assignedTo":"mine"`

func TestHistory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, send := inMemory(t, Options{})
		time.Sleep(time.Second)
		send("PATCH", collection+"/"+idA, patchBody(mine))
		time.Sleep(time.Second)
		send("POST", "/beta/$batch", envelope(patchItem("7", idA, `"assignedTo":"in a batch"`), patchItem("8", idB, `"status":"none"`)))
		send("POST", collection+"/"+idA+"/updateStatus", `{"status":"completed"}`)
		time.Sleep(time.Second)
		if !s.Edit(strings.ToUpper(idA), map[string]any{"assignedTo": "theirs", "insights": nil}) || !s.Delete(idA) {
			t.Error("there is no such task")
		}
		if s.Delete(idA) || s.Edit(idA, nil) || s.Delete("absent") || s.History("absent") != nil {
			t.Error("a task that is not there was changed")
		}
		want := "0 start  alice\n1 patch ours mine\n2 patch ours7 in a batch\n2 status ours in a batch\n3 other  theirs\n3 deletion  \n"
		if got := brief(s, strings.ToUpper(idA)); got != want {
			t.Errorf("%s, want\n%s", got, want)
		}
		if got := brief(s, idB); got != "0 start  alice\n" {
			t.Errorf("a write that was refused is in the history:\n%s", got)
		}
		if _, ok := s.Task(idA); ok || len(s.Tasks()) != 2 || s.Stats().Edits != 1 {
			t.Errorf("after the deletion: %s", s.Tasks())
		}
		for method, path := range map[string]string{"PATCH": "", "POST": "/updateStatus", "GET": ""} {
			if status, _ := send(method, collection+"/"+idA+path, patchBody(mine)); status != 404 {
				t.Errorf("%s of a deleted task: %d", method, status)
			}
		}
		if _, body := send("GET", collection, ""); strings.Contains(body, idA) || !strings.Contains(body, idB) {
			t.Errorf("the list after the deletion: %s", body)
		}
	})
}

// A page holds as many tasks as there are left, whatever was deleted.
func TestPagesAfterDeletions(t *testing.T) {
	tasks := Generate(10, 1)
	s, url := start(t, tasks, Options{PageSize: 3})
	for _, i := range []int{0, 1, 5, 9} {
		r, err := newRecord(tasks[i])
		if err != nil || !s.Delete(r.id) {
			t.Fatal(err)
		}
	}
	if ids, pages := walk(t, url, 10); len(ids) != 6 || pages < 2 || pages > 3 {
		t.Errorf("%d pages with %d tasks", pages, len(ids))
	}
}

func TestLag(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, tt := range []struct {
			faults              string
			single, item, pages time.Duration // how old what they show is
		}{
			{"lag~5", 5 * time.Second, 5 * time.Second, 0},
			{"lag=get", 3 * time.Second, 3 * time.Second, 0},
			{"lag~5=" + idA, 5 * time.Second, 5 * time.Second, 0},
			{"lag~5=" + idB, 0, 0, 0},
			{"lag~5=list", 0, 0, 5 * time.Second},
			{"lag~5 lag~0.5=list", 5 * time.Second, 5 * time.Second, 500 * time.Millisecond},
			{"lag~5:1", 5 * time.Second, 0, 0},
			{"lag~3600", 1 << 62, 1 << 62, 0},
		} {
			s, send := inMemory(t, Options{Faults: faults(t, tt.faults)})
			began := time.Now()
			for range 20 {
				time.Sleep(time.Second)
				s.Edit(idA, map[string]any{"assignedTo": fmt.Sprint(time.Since(began).Seconds())})
			}
			time.Sleep(250 * time.Millisecond)
			ages := []time.Duration{tt.single, tt.item, tt.pages}
			for i, read := range [][3]string{
				{"GET", collection + "/" + idA, ""},
				{"POST", "/beta/$batch", envelope(`{"id":"1","method":"GET","url":"/deviceAppManagement/deviceAppManagementTasks/` + idA + `"}`)},
				{"GET", collection, ""},
			} {
				want := `"assignedTo":"alice"`
				if age := ages[i]; age < 20*time.Second {
					want = fmt.Sprintf(`"assignedTo":"%d"`, int((20250*time.Millisecond - age).Seconds()))
				}
				if _, body := send(read[0], read[1], read[2]); !strings.Contains(body, want) {
					t.Errorf("%s: read %d does not hold %s: %s", tt.faults, i, want, body)
				}
			}
		}
	})
}

// Each read draws its own lag, so that a later one may be the staler one; the same seed draws the same, no matter who else reads.
func TestLagOutOfOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shown := func(seed uint64, others bool) (all []string, back bool) {
			s, send := inMemory(t, Options{Seed: seed, Faults: faults(t, "lag~0-7.5")})
			last := -1.0
			for i := range 40 {
				s.Edit(idA, map[string]any{"creatorNotes": fmt.Sprintf("edit %d", i)})
				if others {
					send("GET", collection+"/"+idB, "")
				}
				_, body := send("GET", collection+"/"+idA, "")
				n := -1.0
				if _, after, ok := strings.Cut(body, `"creatorNotes":"edit `); ok {
					_, _ = fmt.Sscan(strings.SplitN(after, `"`, 2)[0], &n) // -1 where there is no number
				}
				if float64(i)-n > 8 {
					t.Errorf("read %d shows edit %g", i, n)
				}
				back, last = back || n < last, n
				all = append(all, fmt.Sprint(n))
				time.Sleep(time.Second)
			}
			return all, back
		}
		first, back := shown(1, false)
		again, _ := shown(1, true)
		other, _ := shown(2, false)
		if !back {
			t.Errorf("no read is staler than one before it: %v", first)
		}
		if fmt.Sprint(first) != fmt.Sprint(again) || fmt.Sprint(first) == fmt.Sprint(other) {
			t.Errorf("seed 1 shows %v and %v, seed 2 %v", first, again, other)
		}
	})
}

// Whatever the answer to a late write says, the write takes effect when it is due, on the task as it is by then.
func TestLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, tt := range []struct {
			faults string
			status int // of the item, 0 for none
			body   string
		}{
			{"late~20", 200, `"assignedTo":"mine"`},
			{"late~20 stale-body", 200, `"assignedTo":"alice"`},
			{"late~20 ignore", 200, `"assignedTo":"alice"`},
			{"late~20 no-content", 204, ""},
			{"item-429 late~20", 429, "TooManyRequests"},
			{"item-429-applied late~20", 429, "TooManyRequests"},
			{"item-503 late~20", 503, ""},
			{"item-504 late~20=" + idA, 504, "GatewayTimeout"},
			{"refuse late~20=patch", 400, "BadRequest"},
			{"drop-item late~20", 0, ""},
		} {
			s, send := inMemory(t, Options{Faults: faults(t, tt.faults)})
			status, body := send("POST", "/beta/$batch", envelope(patchItem("1", idA, mine)))
			got := answered{}
			for _, got = range responses(t, body) {
			}
			if status != 200 || got.Status != tt.status || !strings.Contains(string(got.Body), tt.body) {
				t.Errorf("%s: answered %d %s", tt.faults, got.Status, body)
			}
			if st := s.Stats(); st.Pending != 1 || st.Applied[idA] != 0 || st.Writes != 1 {
				t.Errorf("%s: before it is due: %+v", tt.faults, st)
			}
			time.Sleep(5 * time.Second)
			s.Edit(idA, map[string]any{"assignedTo": "theirs", "insights": "theirs too"})
			time.Sleep(time.Minute)
			if got, want := brief(s, idA), "0 start  alice\n5 other  theirs\n20 patch ours1 mine\n"; got != want {
				t.Errorf("%s:\n%swant\n%s", tt.faults, got, want)
			}
			if got := field(t, s, idA, "insights"); got != `"theirs too"` {
				t.Errorf("%s: a property that the write does not name became %s", tt.faults, got)
			}
			if st := s.Stats(); st.Pending != 0 || st.Applied[idA] != 1 {
				t.Errorf("%s: %+v", tt.faults, st)
			}
		}
	})
}

// The time of a late write begins with the answer, or with the end of the call where there is none.
func TestLateCountsFromTheAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for faulty, want := range map[string]string{
			"late~2": "2", "late~2 latency~1 slow~4": "7", "late~2 cut": "2", "late~2 hang-applied": "12", "late~0 item-504": "0", "late~0 drop-item slow": "0",
		} {
			s, client, _ := serve(t, Options{Faults: faults(t, faulty)})
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			req, err := http.NewRequestWithContext(ctx, "POST", "http://sandbox/beta/$batch", strings.NewReader(envelope(patchItem("1", idA, mine))))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer x")
			req.Header.Set("client-request-id", "ours")
			if res, err := client.RoundTrip(req); err == nil {
				res.Body.Close()
			}
			time.Sleep(time.Minute)
			cancel()
			if got, want := brief(s, idA), "0 start  alice\n"+want+" patch ours1 mine\n"; got != want {
				t.Errorf("%s:\n%swant\n%s", faulty, got, want)
			}
		}
	})
}

func TestLateAfterDeletion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, send := inMemory(t, Options{Faults: faults(t, "late~20")})
		send("PATCH", collection+"/"+idA, patchBody(mine))
		s.Delete(idA)
		time.Sleep(time.Minute)
		if got := brief(s, idA); got != "0 start  alice\n0 deletion  \n" || s.Stats().Pending != 0 {
			t.Errorf("%s%+v", got, s.Stats())
		}
	})
}
