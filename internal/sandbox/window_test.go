package sandbox

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// patchNow sends one PATCH without a socket and returns its status and Retry-After.
func patchNow(s *Server) (int, string) {
	req := httptest.NewRequest("PATCH", collection+"/"+idA, strings.NewReader(patchBody(`"status":"active"`)))
	req.Header.Set("Authorization", "Bearer x")
	rec := httptest.NewRecorder()
	s.ServeHTTP(rec, req)
	return rec.Code, rec.Header().Get("Retry-After")
}

func TestPublishedWriteLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := New(three(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 100 {
			if status, _ := patchNow(s); status != http.StatusOK {
				t.Fatalf("write %d: %d", i+1, status)
			}
			time.Sleep(10 * time.Millisecond)
		}
		status, after := patchNow(s)
		if status != 429 || after != "20" { // the second write, at 10 ms, has to leave: 19.01 s
			t.Fatalf("write 101: %d, Retry-After %q", status, after)
		}
		time.Sleep(18800 * time.Millisecond)
		status, after = patchNow(s)
		if status != 429 || after != "0.220" {
			t.Fatalf("too early: %d, Retry-After %q", status, after)
		}
		seconds, err := strconv.ParseFloat(after, 64)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(seconds * float64(time.Second)))
		if status, after := patchNow(s); status != http.StatusOK {
			t.Fatalf("after the wait: %d, Retry-After %q", status, after)
		}
	})
}

func TestImpatienceIsPunished(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := New(three(), Options{WriteLimit: 10})
		if err != nil {
			t.Fatal(err)
		}
		through := 0
		for range 1000 { // one each 100 ms for 100 s, heedless of Retry-After
			if status, _ := patchNow(s); status == http.StatusOK {
				through++
			}
			time.Sleep(100 * time.Millisecond)
		}
		if through != 10 {
			t.Errorf("%d writes got through, want only the first 10", through)
		}
	})
}

func TestReadLimitCountsEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := New(three(), Options{ReadLimit: 3, WriteLimit: -1, Window: 2 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []int{200, 200, 200, 429} {
			if got, _ := patchNow(s); got != want {
				t.Errorf("request %d: %d, want %d", i+1, got, want)
			}
		}
		time.Sleep(2 * time.Second)
		if got, _ := patchNow(s); got != 200 {
			t.Errorf("in the next window: %d", got)
		}
	})
}

func TestRetryAfterText(t *testing.T) {
	for wait, want := range map[time.Duration]string{
		20 * time.Second: "20", 19001 * time.Millisecond: "20", time.Second: "1", 249 * time.Millisecond: "0.249",
		248100 * time.Microsecond: "0.249", 999900 * time.Microsecond: "1.000",
	} {
		if got := retryAfter(wait); got != want {
			t.Errorf("%s: %q, want %q", wait, got, want)
		}
	}
}
