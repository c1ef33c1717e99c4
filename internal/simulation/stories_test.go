package simulation

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"taskrecon/internal/diff"
	"taskrecon/internal/sandbox"
)

// The stories that break nearly right rules, each played through the whole of a run: the tenant, the process, its ledger and its undo.

func TestStory01(t *testing.T) {
	tell(t, &scenario{}, teller{
		write: func(*told, int) itemFate { return refusing(429, "31.98") },
		look: func(s *told, n int) itemFate {
			if s.now() > 32.05 && s.now() < 34 {
				return s.asOf(24.6)
			}
			return itemFate{}
		},
	}, func(s *told) {
		s.set(24.8, two)
		l := s.begin(calmLeg)
		s.ends(l, diff.Conflict, 1)
		if r := s.result(l); !strings.Contains(r.Reason, "sent") {
			s.complain("the reason does not say that a write was sent: %q", r.Reason)
		}
		s.holds(two)
	})
}

func TestStory02(t *testing.T) {
	tell(t, &scenario{}, teller{
		write: func(s *told, n int) itemFate {
			if n == 1 {
				return s.effectAt(24.7, taking(refusing(429, "24.38")))
			}
			return refusing(400, "")
		},
		call: func(s *told, ex *exchange, f *fate) {
			switch {
			case !ex.writes() && s.looks == 1:
				f.back = 1795 * time.Millisecond
			case ex.writes() && s.writes == 2:
				f.back = 3795 * time.Millisecond
			}
		},
	}, func(s *told) {
		l := s.begin(calmLeg)
		s.ends(l, diff.Applied, 2)
	})
}

func TestStory03(t *testing.T) {
	tell(t, &scenario{}, teller{
		write: func(s *told, n int) itemFate {
			if n == 1 {
				return s.effectAt(20, taking(refusing(429, "0.48")))
			}
			return refusing(409, "")
		},
		look: func(s *told, n int) itemFate {
			if n > 1 && len(s.legs) == 1 {
				return refusing(503, "none")
			}
			return itemFate{}
		},
	}, func(s *told) {
		l := s.begin(calmLeg)
		s.ends(l, diff.Unknown, 2)
		s.ends(s.goOn(l), diff.Applied, 2)
	})
}

func TestStory04(t *testing.T) {
	tell(t, &scenario{}, teller{
		write: func(s *told, n int) itemFate { return s.effectAt(20, taking(refusing(504, ""))) },
	}, func(s *told) {
		l := s.begin(calmLeg)
		s.ends(l, diff.Applied, 1)
		if after := s.result(l).SettledAfter; after < 20 || after > 30 {
			s.complain("settled after %v s", after)
		}
	})
}

func TestStory05(t *testing.T) {
	tell(t, &scenario{}, teller{
		write: func(s *told, n int) itemFate { return taking(refusing(429, "1")) },
	}, func(s *told) {
		l := s.begin(calmLeg)
		s.ends(l, diff.Applied, 1)
		s.between("the result", s.result(l).SettledAt, 1.02, 2)
	})
}

func TestStory06(t *testing.T) {
	tell(t, &scenario{}, teller{
		write: func(s *told, n int) itemFate {
			return itemFate{Decision: sandbox.Decision{Status: 204, Body: sandbox.BodyNone, Never: true}}
		},
	}, func(s *told) {
		l := s.begin(calmLeg)
		s.ends(l, diff.Differs, 1)
		s.between("the result", s.result(l).SettledAt, 30.02, 31)
	})
}

func TestStory07(t *testing.T) {
	sc := &scenario{twoWrites: true, rows: []row{storyRow(wish{property: "status", begin: `"active"`, wanted: `"completed"`, third: []string{`"rejected"`}})}}
	tell(t, sc, teller{}, func(s *told) {
		s.set(6, zero)
		plan := calmLeg
		plan.end, plan.n = killedAtSending, 1
		l := s.begin(plan)
		time.Sleep(time.Until(s.zero.Add(7 * time.Second)))
		l = s.goOn(l)
		s.ends(l, s.outcomeOf(l), 2)
		s.holds(zero)
		s.takeBack(l)
		want := fmt.Sprint(map[string]string{"creatorNotes": zero, "status": `"active"`})
		if got := fmt.Sprint(l.of.sheet[taskID(0)]); got != want {
			s.complain("the undo asks for %s, not %s", got, want)
		}
	})
}

func TestStory08(t *testing.T) {
	tell(t, &scenario{}, teller{
		write: func(s *told, n int) itemFate {
			if n == 1 {
				return s.effectAt(2.44, taking(refusing(429, "0")))
			}
			return itemFate{}
		},
		look: func(s *told, n int) itemFate {
			if n == 1 {
				return s.asOf(0.01)
			}
			return itemFate{}
		},
	}, func(s *told) {
		l := s.begin(calmLeg)
		s.ends(l, diff.Applied, 2)
		time.Sleep(10 * time.Millisecond)
		if u := s.takeBack(l); u != nil {
			s.ends(u, diff.Applied, 1)
			s.between("the undo's end", u.ended, 30.04, 60)
		}
		s.holds(zero)
	})
}

func TestStory09(t *testing.T) {
	tell(t, &scenario{}, teller{
		call: func(s *told, ex *exchange, f *fate) {
			if ex.kind == kindList && len(s.legs) == 2 {
				f.task = func(string) sandbox.Decision { return sandbox.Decision{Lag: 5 * time.Second} }
			}
		},
	}, func(s *told) {
		l := s.begin(calmLeg)
		s.ends(l, diff.Applied, 1)
		time.Sleep(3 * time.Second)
		if u := s.takeBack(l); u != nil {
			s.ends(u, diff.Applied, 1)
		}
		s.holds(zero)
	})
}

func TestStory10(t *testing.T) {
	tell(t, &scenario{}, teller{
		write: func(s *told, n int) itemFate {
			if n == 1 {
				return refusing(429, "1")
			}
			return itemFate{}
		},
		look: func(s *told, n int) itemFate {
			if n == 1 {
				return refusing(404, "")
			}
			return itemFate{}
		},
	}, func(s *told) { s.ends(s.begin(calmLeg), diff.Applied, 2) })
}

func TestStory11(t *testing.T) {
	tell(t, &scenario{}, teller{
		call: func(s *told, ex *exchange, f *fate) {
			if ex.kind == kindList {
				f.task = func(string) sandbox.Decision { return sandbox.Decision{Omit: true} }
			}
		},
	}, func(s *told) { s.ends(s.begin(calmLeg), diff.Applied, 1) })
}

func TestStory12(t *testing.T) {
	sc := &scenario{rows: []row{storyRow(wish{property: "displayName", begin: `"First"`, wanted: `"Second"`, third: []string{`"Third"`}})}}
	tell(t, sc, teller{
		write: func(s *told, n int) itemFate {
			if n == 1 {
				return refusing(503, "0.48")
			}
			return itemFate{}
		},
		look: func(s *told, n int) itemFate {
			if n == 1 {
				return s.asOf(-6)
			}
			return itemFate{}
		},
	}, func(s *told) {
		s.world.at(s.sc.begin - 8*time.Second)
		s.edit(edit{row: 0, property: "creatorNotes", value: one})
		s.world.at(s.sc.begin - 4*time.Second)
		s.edit(edit{row: 0, property: "creatorNotes", value: zero})
		s.ends(s.begin(calmLeg), diff.Applied, 2)
		s.holds(one)
	})
}

func TestStory13(t *testing.T) {
	tell(t, &scenario{rows: []row{storyRow(), {key: taskID(1), exists: true, wishes: storyRow().wishes}}}, teller{
		call: func(s *told, ex *exchange, f *fate) { f.refused = ex.kind == kindBatch },
	}, func(s *told) {
		s.sc.settle = 10 * time.Minute
		l := s.begin(calmLeg)
		for _, e := range l.of.entries[l] {
			if e.Outcome != diff.NotSent || e.Result == nil || !e.Result.Temporary {
				s.complain("row %d is %s: %+v", e.Index, e.Outcome, e.Result)
			}
		}
		if l.code() != 5 || l.ended.Sub(l.began) > 5*time.Minute {
			s.complain("exit code %d after %v", l.code(), l.ended.Sub(l.began))
		}
	})
}

func TestStory14(t *testing.T) {
	for name, took := range map[string]bool{"took effect": true, "did not": false} {
		t.Run(name, func(t *testing.T) {
			tell(t, &scenario{}, teller{
				write: func(s *told, n int) itemFate {
					if n == 1 && took {
						return s.effectAt(20, itemFate{})
					}
					return itemFate{}
				},
				call: func(s *told, ex *exchange, f *fate) {
					if ex.writes() && s.writes == 1 {
						f.lost = !took
						f.whole.Reply = sandbox.ReplyCut
					}
				},
			}, func(s *told) {
				plan := calmLeg
				plan.end, plan.after, plan.second = signalledTwice, time.Second, time.Millisecond
				l := s.begin(plan)
				s.ends(l, diff.Unknown, 1)
				s.between("the end of leg one", l.ended, 0.5, 1.5)
				time.Sleep(time.Until(s.zero.Add(time.Minute)))
				if l = s.goOn(l); took {
					s.ends(l, diff.Applied, 1)
				} else {
					s.ends(l, diff.Applied, 2)
				}
			})
		})
	}
}

// TestStory15 plays it with a sheet that was exported, and of a plan that was saved, two seconds ago.
func TestStory15(t *testing.T) {
	for name, saved := range map[string]bool{"sheet": false, "plan": true} {
		t.Run(name, func(t *testing.T) {
			lagging := sandbox.Decision{Lag: 5 * time.Second}
			tell(t, &scenario{}, teller{
				call: func(s *told, ex *exchange, f *fate) {
					if time.Since(s.start) < s.sc.begin {
						return
					}
					if ex.kind == kindList {
						f.task = func(string) sandbox.Decision { return lagging }
					} else if !ex.writes() && time.Since(s.start) < s.sc.begin+time.Second {
						f.items[0].Decision = lagging
					}
				},
			}, func(s *told) {
				s.world.at(s.sc.begin - 6*time.Second)
				s.edit(edit{row: 0, property: "creatorNotes", value: two})
				s.world.at(s.sc.begin - 4*time.Second)
				s.edit(edit{row: 0, property: "creatorNotes", value: zero})
				s.world.at(s.sc.begin - 2*time.Second)
				file := ""
				if saved {
					file = s.savePlan(s.write("desired.csv", s.sc.sheet()))
				} else {
					file = s.export()
				}
				s.world.at(s.sc.begin)
				l := s.world.leg(s.campaign("run"), "apply", file, calmLeg)
				s.ends(l, diff.Applied, 1)
				s.between("the result", s.result(l).SettledAt, 0, 1)
				if waited := s.zero.Sub(l.began); waited < 29*time.Second {
					s.complain("it was sent after %v", waited)
				}
			})
		})
	}
}
