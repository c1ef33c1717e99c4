package sandbox

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestHowOfFaults(t *testing.T) {
	for _, good := range []string{"item-429~0.249:3", "outer-503~date", "item-503~none=get", "outer-429~message", "item-429-applied~garbage", "slow~0.5:*=batch", "edit~creatorNotes:2", "lag~0-7.5=list", "late~0", "date-off~-1800", "too-large~10", "echo-id~base64-2", "item-509~315"} {
		if f := faults(t, good); f[0].How == "" {
			t.Errorf("%s: %+v", good, f)
		}
	}
	for _, bad := range []string{"item-429~soon", "cut~1", "slow~long", "edit~status", "edit~nothing", "edit-after~id", "item-504~1", "item-429~", "late~-1", "lag~7-5", "lag~x", "late~1-", "too-large~0", "too-many~x", "echo-id~hex", "stale-body~1"} {
		if f, err := ParseFaults(bad); err == nil {
			t.Errorf("%q was accepted: %+v", bad, f)
		}
	}
}

func TestRetryAfterForms(t *testing.T) {
	for how, want := range map[string]string{"0.249": "0.249", "315": "315", "none": "", "message": "", "garbage": "soon", "date": "GMT", "past": "GMT"} {
		for _, name := range []string{"item-429", "item-503", "outer-429", "outer-503", "item-429-applied"} {
			_, url := start(t, three(), Options{Faults: faults(t, name+"~"+how)})
			res, body := must(t, "PATCH", url+collection+"/"+idA, patchBody(`"status":"active"`), statusOf(name))
			got := res.Header.Get("Retry-After")
			if !strings.HasSuffix(got, want) || (want == "" && got != "") {
				t.Errorf("%s~%s: Retry-After %q, want %q", name, how, got, want)
			}
			if inMessage := strings.Contains(body, `\"RetryAfter\": \"1\"`); inMessage != (how == "message") {
				t.Errorf("%s~%s: %s", name, how, body)
			}
			at, err := http.ParseTime(got)
			switch wait := time.Until(at); {
			case want != "GMT":
			case err != nil, how == "past" && wait > 0, how == "date" && (wait <= 0 || wait > 2*time.Second):
				t.Errorf("%s~%s: %q, %v", name, how, got, err)
			}
		}
	}
}

func statusOf(fault string) int {
	if strings.Contains(fault, "503") {
		return 503
	}
	return 429
}

func TestIgnore(t *testing.T) {
	s, url := start(t, three(), Options{Faults: faults(t, "ignore:2")})
	_, body := must(t, "PATCH", url+collection+"/"+idA, patchBody(`"status":"active"`), 200)
	if !strings.Contains(body, `"status":"pending"`) {
		t.Error(body)
	}
	must(t, "POST", url+collection+"/"+idA+"/updateStatus", `{"status":"active"}`, 204)
	if got := field(t, s, idA, "status"); got != `"pending"` || s.Stats().Applied[idA] != 0 {
		t.Errorf("stored %s: %+v", got, s.Stats())
	}
}

// A call that hangs ends when its client gives up, and all of them when the server is closed.
func TestHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, applied := range map[string]bool{"hang": false, "hang-applied": true} {
			s, client, closeIt := serve(t, Options{Faults: faults(t, name+":2")})
			patch := func(ctx context.Context) error {
				req, err := http.NewRequestWithContext(ctx, "PATCH", "http://sandbox"+collection+"/"+idA, strings.NewReader(patchBody(`"status":"active"`)))
				if err != nil {
					t.Error(err)
				}
				req.Header.Set("Authorization", "Bearer x")
				_, err = client.RoundTrip(req)
				return err
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			if err := patch(ctx); err == nil || ctx.Err() == nil {
				t.Errorf("%s: %v before the client gave up", name, err)
			}
			if got := field(t, s, idA, "status") == `"active"`; got != applied {
				t.Errorf("%s: applied %v", name, got)
			}
			ended := make(chan error)
			go func() { ended <- patch(t.Context()) }()
			synctest.Wait()
			closeIt()
			if err := <-ended; err == nil {
				t.Errorf("%s was answered by a sandbox that was closed", name)
			}
		}
	})
}

func TestEdits(t *testing.T) {
	s, url := start(t, three(), Options{Faults: faults(t, "edit="+strings.ToUpper(idA))})
	if _, body := must(t, "GET", url+collection, "", 200); strings.Contains(body, otherAssignee) {
		t.Error("the list shows the edit, which comes after it")
	}
	if got := field(t, s, idA, "assignedTo"); got != `"`+otherAssignee+`"` || s.Stats().Edits != 1 {
		t.Errorf("assignedTo %s", got)
	}
	must(t, "GET", url+collection, "", 200)
	if n := s.Stats().Edits; n != 1 {
		t.Errorf("%d edits", n)
	}

	s, url = start(t, Generate(40, 1), Options{Faults: faults(t, "edit~insights:*/4")})
	walk(t, url, 10)
	if n := s.Stats().Edits; n != 10 {
		t.Errorf("%d edits, want 10", n)
	}

	// Edits come beside other faults, and may hide or undo a write.
	s, url = start(t, three(), Options{Faults: faults(t, "drop-item:2,edit-after@1,edit-before=get")})
	must(t, "POST", url+"/beta/$batch", envelope(patchItem("1", idB, `"assignedTo":"bob"`), patchItem("2", idA, `"assignedTo":"bob"`)), 200)
	if a, b := field(t, s, idA, "assignedTo"), field(t, s, idB, "assignedTo"); a != `"`+otherAssignee+`"` || b == a || b == `"bob"` {
		t.Errorf("A %s, B %s", a, b)
	}
	if _, body := must(t, "GET", url+collection+"/"+idB, "", 200); !strings.Contains(body, otherAssignee) {
		t.Errorf("the edit before a read is not seen: %s", body)
	}
}

// Other applications at 60 writes in 20 s leave 40 of the window's 100.
func TestTrafficEatsTheLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := New(three(), Options{Others: Traffic{N: 60, Per: 20 * time.Second, For: 2 * time.Minute}})
		if err != nil {
			t.Fatal(err)
		}
		burst := func() (through int) {
			for {
				if status, _ := patchNow(s); status != http.StatusOK {
					return through
				}
				through++
			}
		}
		time.Sleep(20 * time.Second)
		if n := burst(); n < 39 || n > 41 {
			t.Errorf("%d writes got through beside the others, want 40", n)
		}
		time.Sleep(3 * time.Minute)
		if n := burst(); n != 100 {
			t.Errorf("%d writes got through after the others ended, want 100", n)
		}
	})
}
