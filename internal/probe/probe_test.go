package probe_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"taskrecon/internal/graph"
	"taskrecon/internal/probe"
)

// traits are the ways in which a service can differ from the published one.
type traits struct {
	noContent, ignoresStatus, refusesStatus, ignoresAll, etag, quota bool
	readLag, listLag                                                 time.Duration
	digits                                                           int
	respell                                                          func(string) string // enum members
	meddle                                                           bool                // somebody else changes what was written
}

// service is a stand-in that holds one task and all its past states.
type service struct {
	traits
	mu    sync.Mutex
	past  []state
	wrote []string // bodies
}

type state struct {
	at   time.Time
	task map[string]any
}

func newService(tr traits) *service {
	digits := 7
	if tr.digits > 0 {
		digits = tr.digits
	}
	return &service{traits: tr, past: []state{{task: map[string]any{
		"@odata.type": "#microsoft.graph.securityConfigurationTask", "id": "t-1", "displayName": "One", "description": nil,
		"status": "pending", "priority": "high", "category": "advancedThreatProtection",
		"createdDateTime": "2026-11-01T10:00:00." + strings.Repeat("1", digits) + "Z",
	}}}}
}

// ago is the task as it was.
func (s *service) ago(d time.Duration) map[string]any {
	at := time.Now().Add(-d)
	shown := s.past[0].task
	for _, p := range s.past {
		if !p.at.After(at) {
			shown = p.task
		}
	}
	shown = maps.Clone(shown)
	if s.respell != nil {
		for _, name := range []string{"status", "priority", "category"} {
			shown[name] = s.respell(shown[name].(string))
		}
	}
	if s.etag {
		shown["@odata.etag"] = `W/"1"`
	}
	return shown
}

func (s *service) write(changes map[string]any) (int, any) {
	if _, ok := changes["status"]; ok && s.refusesStatus {
		return 400, map[string]any{"error": map[string]any{"code": "BadRequest", "message": "no"}}
	}
	next := maps.Clone(s.past[len(s.past)-1].task)
	for name, v := range changes {
		if !s.ignoresAll && !(name == "status" && s.ignoresStatus) {
			next[name] = v
		}
		if s.meddle && name == "description" {
			next[name] = "by another"
		}
	}
	s.past = append(s.past, state{time.Now(), next})
	if s.noContent {
		return 204, nil
	}
	return 200, s.ago(0)
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.quota {
		w.Header().Set("RateLimit-Limit", "100")
	}
	answer := func(v any) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(v)
	}
	switch {
	case strings.HasSuffix(r.URL.Path, "/t-1"):
		answer(s.ago(s.readLag))
	case !strings.HasSuffix(r.URL.Path, "/$batch"):
		answer(map[string]any{"value": []any{s.ago(s.listLag)}})
	default:
		var batch struct {
			Requests []struct {
				Method, URL string
				Body        map[string]any
			}
		}
		_ = json.NewDecoder(r.Body).Decode(&batch)
		item := batch.Requests[0]
		one := map[string]any{"id": "1", "status": 200}
		switch {
		case !strings.HasSuffix(item.URL, "/t-1"):
			one["status"] = 404
		case item.Method == http.MethodGet:
			one["body"] = s.ago(s.readLag)
		default:
			body, _ := json.Marshal(item.Body)
			s.wrote = append(s.wrote, string(body))
			one["status"], one["body"] = s.write(item.Body)
		}
		answer(map[string]any{"responses": []any{one}})
	}
}

// RoundTrip answers without a network, so that time can be virtual.
func (s *service) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Result(), nil
}

// probed runs a probe in virtual time.
func probed(t *testing.T, s *service, change func(*probe.Config)) (p *probe.Profile, err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		client := graph.New(graph.Config{Root: &url.URL{Scheme: "http", Host: "127.0.0.1"}, Credential: graph.StaticToken("token"), Transport: s, CallTimeout: 5 * time.Second})
		defer client.Close()
		c := probe.Config{Client: client, TaskID: "t-1", Status: true, Within: time.Minute, Step: func(string) {}}
		if change != nil {
			change(&c)
		}
		p, err = probe.Run(t.Context(), c)
	})
	return p, err
}

// holds fails where the task is not as it was.
func (s *service) holds(t *testing.T) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	was, is := fmt.Sprint(s.past[0].task), fmt.Sprint(s.past[len(s.past)-1].task)
	if was != is {
		t.Errorf("the task was %s, is %s", was, is)
	}
}

// TestTraits probes stand-ins that have one trait each.
func TestTraits(t *testing.T) {
	lag := 700 * time.Millisecond
	cases := []struct {
		name string
		traits
		check func(*probe.Profile) bool
	}{
		{"as published", traits{}, func(p *probe.Profile) bool {
			return p.PatchStatus == 200 && p.PatchBody == "new" && p.ReadLag == 0 && p.ListLag == 0 && p.StatusPatch == probe.Works && p.EnumsAsDocumented &&
				p.DateDigits == 7 && !p.ETag && len(p.Limits) == 0 && p.Settings["status-via"] == "auto" && p.Settings["settle-within"] == "30s" &&
				p.Settings["reread-after"] == "2s"
		}},
		{"204", traits{noContent: true}, func(p *probe.Profile) bool { return p.PatchStatus == 204 && p.PatchBody == "none" }},
		{"reads lag", traits{readLag: lag}, func(p *probe.Profile) bool {
			return p.ReadLag >= 0.7 && p.ReadLag <= 1 && p.Settings["reread-after"] < "1.5" && p.StatusPatch == probe.Works
		}},
		{"the list lags", traits{listLag: lag}, func(p *probe.Profile) bool { return p.ListLag >= 0.7 && p.ListLag <= 1 && p.ReadLag == 0 }},
		{"status by PATCH is ignored", traits{ignoresStatus: true}, func(p *probe.Profile) bool {
			return p.StatusPatch == probe.Ignored && p.Settings["status-via"] == "updateStatus"
		}},
		{"status by PATCH is refused", traits{refusesStatus: true}, func(p *probe.Profile) bool {
			return p.StatusPatch == probe.Refused && p.Settings["status-via"] == "updateStatus"
		}},
		{"members in capitals", traits{respell: strings.ToUpper}, func(p *probe.Profile) bool {
			return !p.EnumsAsDocumented && p.Enums["priority"] == "HIGH" && p.StatusPatch == probe.Works
		}},
		{"nine digits", traits{digits: 9}, func(p *probe.Profile) bool { return p.DateDigits == 9 }},
		{"an ETag", traits{etag: true}, func(p *probe.Profile) bool { return p.ETag }},
		{"limits in headers", traits{quota: true}, func(p *probe.Profile) bool { return p.Limits["RateLimit-Limit"] == "100" }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := newService(c.traits)
			p, err := probed(t, s, nil)
			if err != nil || !c.check(p) {
				t.Errorf("%+v (%v)", p, err)
			}
			s.holds(t)
		})
	}
}

// TestLeft asks what is left behind where a probe does not come to its end.
func TestLeft(t *testing.T) {
	t.Run("no such task", func(t *testing.T) {
		s := newService(traits{})
		if _, err := probed(t, s, func(c *probe.Config) { c.TaskID = "t-2" }); err == nil || !strings.Contains(err.Error(), `no task "t-2"`) || len(s.wrote) > 0 {
			t.Errorf("%v, wrote %q", err, s.wrote)
		}
	})
	t.Run("nothing takes effect", func(t *testing.T) {
		s := newService(traits{ignoresAll: true})
		if _, err := probed(t, s, nil); err == nil || !strings.Contains(err.Error(), "no read showed it in time") {
			t.Error(err)
		}
		s.holds(t)
	})
	t.Run("another's edit", func(t *testing.T) {
		s := newService(traits{meddle: true})
		if _, err := probed(t, s, nil); err == nil || !strings.Contains(err.Error(), `changed by somebody else to "by another", which is left; it was `) {
			t.Error(err)
		}
		if len(s.wrote) != 1 {
			t.Errorf("wrote %q", s.wrote)
		}
	})
	t.Run("interrupted", func(t *testing.T) {
		s := newService(traits{readLag: 300 * time.Millisecond})
		synctest.Test(t, func(t *testing.T) {
			client := graph.New(graph.Config{Root: &url.URL{Scheme: "http", Host: "127.0.0.1"}, Credential: graph.StaticToken("token"), Transport: s, CallTimeout: 5 * time.Second})
			defer client.Close()
			ctx, cancel := context.WithCancel(t.Context())
			_, err := probe.Run(ctx, probe.Config{Client: client, TaskID: "t-1", Within: time.Minute, Step: func(step string) {
				if strings.HasPrefix(step, "waiting") {
					cancel()
				}
			}})
			if err == nil {
				t.Error("no error")
			}
		})
		s.holds(t)
	})
}

func TestProfileFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "profile.json")
	want, err := probed(t, newService(traits{}), func(c *probe.Config) { c.Status = false })
	if err != nil {
		t.Fatal(err)
	}
	if err := probe.Write(path, want, false); err != nil {
		t.Fatal(err)
	}
	if err := probe.Write(path, want, false); err == nil {
		t.Error("a file that exists was replaced")
	}
	got, err := probe.Read(path)
	if err != nil || fmt.Sprint(*got) != fmt.Sprint(*want) || got.StatusPatch != probe.NotTried || got.Settings["status-via"] != "" {
		t.Errorf("%+v, want %+v (%v)", got, want, err)
	}
}
