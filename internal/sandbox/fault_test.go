package sandbox

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func faults(t *testing.T, text string) []Fault {
	t.Helper()
	f, err := ParseFaults(text)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestParseFaults(t *testing.T) {
	got := faults(t, "drop-item:3, outer-503:2@1=batch,item-503:*/7 refuse="+idA)
	want := []Fault{
		{Name: "drop-item", Count: 3},
		{Name: "outer-503", Count: 2, After: 1, Target: "batch"},
		{Name: "item-503", Count: -1, Every: 7},
		{Name: "refuse", Target: idA},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	for _, bad := range []string{"nonsense", "cut:", "cut:0", "cut:-1", "cut@x", "cut=cloud", "empty-page=list", "cut:99999999999", "Cut", "item-NNN", "item-200", "item-600", "outer-1429", "item-404-appliedly"} {
		if f, err := ParseFaults(bad); err == nil {
			t.Errorf("%q was accepted: %+v", bad, f)
		}
	}
	for _, f := range faultTable {
		if _, err := ParseFaults(strings.Replace(f.name, "NNN", "503", 1)); err != nil {
			t.Errorf("%s: %v", f.name, err)
		}
	}
}

func TestFaultShowsWhenDue(t *testing.T) {
	for text, want := range map[string]string{
		"cut": "x.......", "cut:2@1": ".xx.....", "cut:*/3": "x..x..x.", "cut:2@2/3": "..x..x..", "cut:*@6": "......xx",
	} {
		a, err := faults(t, text)[0].arm()
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for range want {
			if a.occurs() {
				got += "x"
			} else {
				got += "."
			}
		}
		if got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestOuterFaults(t *testing.T) {
	for _, tt := range []struct {
		name    string
		status  int // 0: the connection breaks
		applied bool
		body    string
	}{
		{"outer-401", 401, false, "InvalidAuthenticationToken"},
		{"outer-429", 429, false, "_version"},
		{"outer-503", 503, false, "ServiceUnavailable"},
		{"outer-504", 504, false, "GatewayTimeout"},
		{"outer-html", 502, false, "<html>"},
		{"outer-html-200", 200, false, "<html>"},
		{"redirect", 302, false, ""},
		{"huge", 200, false, `{"value":[`},
		{"cut-before", 0, false, ""},
		{"cut", 0, true, ""},
		{"truncate", 0, true, ""},
		{"slow", 200, true, `"responses"`},
		{"outer-424", 424, true, `"responses"`},
		{"outer-403", 403, false, "Forbidden"},
		{"outer-500", 500, false, "InternalServerError"},
		{"outer-502-applied", 502, true, "BadGateway"},
		{"too-large", 413, false, "RequestEntityTooLarge"},
		{"too-many", 400, false, "exceeds the maximum"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, url := start(t, three(), Options{Faults: faults(t, strings.Replace(tt.name, "slow", "slow~0.02", 1)+"=batch")})
			must(t, "GET", url+collection, "", 200) // not its target
			began := time.Now()
			res, body, err := do(t, "POST", url+"/beta/$batch", envelope(patchItem("1", idA, `"status":"active"`)))
			switch {
			case tt.status == 0:
				if err == nil {
					t.Errorf("the connection held: %d %s", res.StatusCode, body)
				}
			case err != nil:
				t.Fatal(err)
			case res.StatusCode != tt.status || !strings.Contains(body, tt.body):
				t.Errorf("%d %.200s, want %d", res.StatusCode, body, tt.status)
			}
			if got := field(t, s, idA, "status") == `"active"`; got != tt.applied {
				t.Errorf("applied: %v, want %v", got, tt.applied)
			}
			switch tt.name {
			case "slow":
				if time.Since(began) < 20*time.Millisecond {
					t.Error("it was quick")
				}
			case "redirect":
				if to := res.Header.Get("Location"); !strings.HasPrefix(to, foreign) {
					t.Errorf("Location %q", to)
				}
			case "huge":
				if len(body) < hugeBytes {
					t.Errorf("%d bytes", len(body))
				}
			case "outer-429", "outer-503":
				if res.Header.Get("Retry-After") != "1" {
					t.Errorf("headers %v", res.Header)
				}
			}
			must(t, "POST", url+"/beta/$batch", envelope(patchItem("1", idA, `"status":"active"`)), 200)
		})
	}
}

func TestItemFaults(t *testing.T) {
	for _, tt := range []struct {
		name    string
		status  int
		answers int // to the item at fault
		applied bool
		body    string
	}{
		{"item-429", 429, 1, false, "TooManyRequests"},
		{"item-429-applied", 429, 1, true, "TooManyRequests"},
		{"item-503", 503, 1, false, `"code":""`},
		{"item-504", 504, 1, false, "GatewayTimeout"},
		{"item-504-applied", 504, 1, true, "GatewayTimeout"},
		{"item-408", 408, 1, false, "RequestTimeout"},
		{"item-424", 424, 1, false, "FailedDependency"},
		{"item-500", 500, 1, false, "InternalServerError"},
		{"item-501", 501, 1, false, "NotImplemented"},
		{"item-502", 502, 1, false, "BadGateway"},
		{"item-507-applied", 507, 1, true, "InsufficientStorage"},
		{"item-509", 509, 1, false, "BandwidthLimitExceeded"},
		{"stale-body", 200, 1, true, `"pending"`},
		{"late~0", 200, 1, true, `"active"`},
		{"late~600", 200, 1, false, `"active"`},
		{"refuse", 400, 1, false, "_version"},
		{"forbid", 403, 1, false, "Forbidden"},
		{"locked", 423, 1, false, "ResourceLocked"},
		{"no-content", 204, 1, true, ""},
		{"empty-item", 200, 1, true, ""},
		{"garbage-item", 200, 1, true, `"PHRleHQ+"`},
		{"drop-item", 0, 0, false, ""},
		{"drop-item-applied", 0, 0, true, ""},
		{"double-item", 200, 2, true, `"active"`},
		{"alien-item", 200, 1, true, `"active"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, url := start(t, three(), Options{Faults: faults(t, tt.name+"@1")})
			_, body := must(t, "POST", url+"/beta/$batch", envelope(patchItem("1", idB, `"status":"active"`), patchItem("2", idA, `"status":"active"`)), 200)
			answers, aliens := 0, 0
			for _, r := range responses(t, body) {
				switch r.ID {
				case "2":
					answers++
					if r.Status != tt.status || !strings.Contains(string(r.Body), tt.body) {
						t.Errorf("%d %s, want %d", r.Status, r.Body, tt.status)
					}
				case "1":
					if r.Status != 200 {
						t.Errorf("the other item: %d", r.Status)
					}
				default:
					aliens++
				}
			}
			if answers != tt.answers || (aliens == 1) != (tt.name == "alien-item") {
				t.Errorf("%d answers, %d aliens: %s", answers, aliens, body)
			}
			if got := field(t, s, idA, "status") == `"active"`; got != tt.applied {
				t.Errorf("applied: %v, want %v", got, tt.applied)
			}
		})
	}
}

func TestLie(t *testing.T) {
	s, url := start(t, three(), Options{Faults: faults(t, "lie="+strings.ToUpper(idA))})
	_, body := must(t, "PATCH", url+collection+"/"+idA, patchBody(`"status":"active","assignedTo":"bob"`), 200)
	if !strings.Contains(body, `"assignedTo":"alice"`) || !strings.Contains(body, `"status":"active"`) || field(t, s, idA, "assignedTo") != `"alice"` {
		t.Error(body)
	}
}

func TestItemFaultOfReads(t *testing.T) {
	for _, status := range []int{503, 404} {
		_, url := start(t, three(), Options{Faults: faults(t, fmt.Sprintf("item-%d=get", status))})
		must(t, "PATCH", url+collection+"/"+idA, patchBody(`"status":"active"`), 200)
		must(t, "GET", url+collection+"/"+idA, "", status)
		must(t, "GET", url+collection+"/"+idA, "", 200)
	}
	_, url := start(t, three(), Options{Faults: faults(t, "item-503")})
	must(t, "GET", url+collection+"/"+idA, "", 200)
	must(t, "PATCH", url+collection+"/"+idA, patchBody(`"status":"active"`), 503)
}

func TestItemFaultOfOneKindOfWrite(t *testing.T) {
	_, url := start(t, three(), Options{Faults: faults(t, "item-503=status")})
	must(t, "PATCH", url+collection+"/"+idA, patchBody(`"status":"active"`), 200)
	must(t, "POST", url+collection+"/"+idA+"/updateStatus", `{"status":"active"}`, 503)
}

func TestTooLarge(t *testing.T) {
	items := make([]string, 4)
	for i := range items {
		items[i] = patchItem(fmt.Sprint(i), idA, `"status":"active"`)
	}
	for name, status := range map[string]int{"too-large~2:*": 413, "too-many~2:*": 400} {
		_, url := start(t, three(), Options{Faults: faults(t, name)})
		for n, want := range map[int]int{4: status, 3: status, 2: 200, 1: 200} {
			must(t, "POST", url+"/beta/$batch", envelope(items[:n]...), want)
		}
		must(t, "GET", url+collection, "", 200)
	}
}

func TestLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var first []time.Duration
		for _, seed := range []uint64{1, 1, 2} {
			_, send := inMemory(t, Options{Seed: seed, Faults: faults(t, "latency~0.9-1.9=get slow~3:*@1/2=get")})
			var took []time.Duration
			for i := range 20 {
				began := time.Now()
				send("GET", collection+"/"+idA, "")
				d := time.Since(began) - time.Duration(i%2)*3*time.Second
				if d < 900*time.Millisecond || d > 1900*time.Millisecond {
					t.Errorf("call %d took %s", i, d)
				}
				took = append(took, d)
			}
			slices.Sort(took)
			if took[19]-took[0] < 500*time.Millisecond {
				t.Errorf("it hardly wanders: %v", took)
			}
			if first == nil {
				first = took
			}
			if slices.Equal(first, took) != (seed == 1) {
				t.Errorf("seed %d: %v, with seed 1 %v", seed, took, first)
			}
		}
	})
}

// The service's clock is in all that it says of the time.
func TestDateOff(t *testing.T) {
	for how, off := range map[string]time.Duration{"-1800": -30 * time.Minute, "3600": time.Hour} {
		_, url := start(t, three(), Options{Faults: faults(t, "date-off~"+how+" outer-429~date@1")})
		about := func(name string, want time.Duration) {
			res, _, err := do(t, "GET", url+collection, "")
			if err != nil {
				t.Fatal(err)
			}
			at, err := http.ParseTime(res.Header.Get(name))
			if got := time.Until(at); err != nil || got > want+2*time.Second || got < want-2*time.Second {
				t.Errorf("%s: %s is off by %s, %v", how, name, got, err)
			}
		}
		about("Date", off)
		about("Retry-After", off+2*time.Second)
	}
}

func TestEcho(t *testing.T) {
	const token = "eyJ0.eyJhdWQiOiJo.c2lnbmF0dXJlIG9mIGl0"
	inBase64 := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
	forms := map[string]string{
		"": token, "~base64": inBase64(token), "~base64-1": inBase64("x" + token), "~base64-2": inBase64("xx" + token), "~signature": "c2lnbmF0dXJlIG9mIGl0",
		"~json": `\u0065\u0079\u004a\u0030\u002e`, "~percent": "%65%79%4A%30%2E",
	}
	batch := [3]string{"POST", "/beta/$batch", envelope(patchItem("1", idA, `"status":"active"`))}
	patch := [3]string{"PATCH", collection + "/" + idA, patchBody(`"status":"active"`)}
	get, list := [3]string{"GET", collection + "/" + idA}, [3]string{"GET", collection}
	for _, tt := range []struct {
		name, target string
		call         [3]string
		status       int
		applied      bool
		place        string // in the headers, a line each, and the body
	}{
		{"echo-error", "", batch, 200, false, `"status":403,.* FORM`},
		{"echo-error", "=get", get, 403, false, ` FORM`},
		{"echo-id", "", batch, 200, true, `"request-id":"FORM`},
		{"echo-id", "", patch, 200, true, `Request-Id: FORM`},
		{"echo-task", "", batch, 200, true, `"description":"FORM`},
		{"echo-task", "=get", get, 200, false, `"description":"FORM`},
		{"echo-listed", "=" + idB, list, 200, false, idB + `","displayName":"Encrypt","description":"FORM`},
		{"echo-next", "", list, 200, false, `"@odata.nextLink":"[^"]*FORM`},
		{"echo-outer-error", "=batch", batch, 403, false, ` FORM`},
		{"echo-outer-id", "", batch, 200, true, `Request-Id: FORM`},
		{"echo-body", "", batch, 200, false, `\n{"message":"FORM`},
		{"echo-location", "", batch, 302, false, `Location: http://.*FORM`},
	} {
		for form, want := range forms {
			if form == "~json" && tt.place[0] == '"' && strings.HasSuffix(tt.name, "-id") {
				continue // the header of an item is a JSON string itself
			}
			s, err := New(three(), Options{Faults: faults(t, tt.name+form+tt.target), Token: token})
			if err != nil {
				t.Fatal(err)
			}
			r := httptest.NewRequest(tt.call[0], tt.call[1], strings.NewReader(tt.call[2]))
			r.Header.Set("Authorization", "Bearer "+token)
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			var seen strings.Builder
			if err := w.Header().Write(&seen); err != nil {
				t.Fatal(err)
			}
			seen.WriteString("\n" + w.Body.String())
			place := regexp.MustCompile(strings.Replace(tt.place, "FORM", regexp.QuoteMeta(want), 1))
			if w.Code != tt.status || !place.MatchString(seen.String()) {
				t.Errorf("%s%s%s: %d, want %d and %s in\n%s", tt.name, form, tt.target, w.Code, tt.status, place, seen.String())
			}
			if got := field(t, s, idA, "status") == `"active"`; got != tt.applied {
				t.Errorf("%s%s%s: applied: %v", tt.name, form, tt.target, got)
			}
		}
	}
}

func TestListFaults(t *testing.T) {
	for _, tt := range []struct {
		fault  string
		ids    int
		unique int
		pages  int
	}{
		{"empty-page@1", 10, 10, 4},
		{"repeat-task", 11, 10, 3},
		{"repeat-task@2", 11, 10, 3},
		{"miss-task", 9, 9, 3},
		{"miss-task@9", 9, 9, 3},
		{"miss-task:3@1/2", 7, 7, 3},
		{"miss-task=" + guidOf(t, Generate(10, 1)[4]), 9, 9, 3},
		{"loop-next", 14, 10, 4},
		{"loop-next:*", 40, 4, 10},
	} {
		_, url := start(t, Generate(10, 1), Options{PageSize: 4, Faults: faults(t, tt.fault)})
		ids, pages := walk(t, url, 10)
		unique := map[string]bool{}
		for _, id := range ids {
			unique[id] = true
		}
		if len(ids) != tt.ids || len(unique) != tt.unique || pages != tt.pages {
			t.Errorf("%s: %d ids, %d unique, %d pages; want %+v", tt.fault, len(ids), len(unique), pages, tt)
		}
	}
	_, url := start(t, three(), Options{Faults: faults(t, "foreign-next")})
	if _, body := must(t, "GET", url+collection, "", 200); !strings.Contains(body, `"@odata.nextLink":"http://foreign.invalid/beta/`) {
		t.Error(body)
	}
}
