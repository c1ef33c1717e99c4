package simulation

import (
	"net/http"
	"time"

	"taskrecon/internal/sandbox"
)

// fate is what becomes of a call: on its way, as a whole, and item by item.
type fate struct {
	out, back time.Duration // how long the call and its answer travel
	refused   bool          // no connection is made
	lost      bool          // the connection is lost before the service has the call
	name      string        // of what is wrong with the call; "" is nothing
	whole     sandbox.Decision
	items     []itemFate                       // of a batch
	task      func(id string) sandbox.Decision // of a task in a page; nil is as the tenant holds it
}

type itemFate struct {
	name string // of what is wrong; "" is nothing
	sandbox.Decision
}

// effect is whether and when a write takes effect whose answer does not say so.
type effect uint8

const (
	takesEffect effect = 1 << iota
	takesNone
	takesAny = takesEffect | takesNone
)

// writeFates are the ways in which a write is answered other than by its new object.
var writeFates = []weighted[struct {
	name   string
	takes  effect
	answer sandbox.Decision
}]{
	{4, fateOf("204", takesEffect, sandbox.Decision{Status: 204, Body: sandbox.BodyNone})},
	{1, fateOf("202", takesEffect, sandbox.Decision{Status: 202, Body: sandbox.BodyNone})},
	{1, fateOf("200-empty", takesEffect, sandbox.Decision{Body: sandbox.BodyNone})},
	{1, fateOf("200-garbage", takesEffect, sandbox.Decision{Body: sandbox.BodyGarbage})},
	{2, fateOf("200-stale", takesEffect, sandbox.Decision{Body: sandbox.BodyOld})},
	{1, fateOf("204-ignored", takesNone, sandbox.Decision{Status: 204, Body: sandbox.BodyNone})},
	{1, fateOf("200-ignored", takesNone, sandbox.Decision{Body: sandbox.BodyOld})},
	{1, fateOf("200-partly", takesEffect, sandbox.Decision{Partly: true})},
	{6, fateOf("429", takesAny, sandbox.Decision{Status: http.StatusTooManyRequests})},
	{4, fateOf("503", takesAny, sandbox.Decision{Status: http.StatusServiceUnavailable})},
	{1, fateOf("509", takesAny, sandbox.Decision{Status: 509})},
	{2, fateOf("500", takesAny, sandbox.Decision{Status: http.StatusInternalServerError})},
	{1, fateOf("502", takesAny, sandbox.Decision{Status: http.StatusBadGateway, Body: sandbox.BodyHTML})},
	{3, fateOf("504", takesAny, sandbox.Decision{Status: http.StatusGatewayTimeout})},
	{1, fateOf("408", takesAny, sandbox.Decision{Status: http.StatusRequestTimeout})},
	{1, fateOf("424", takesAny, sandbox.Decision{Status: http.StatusFailedDependency})},
	{1, fateOf("404", takesAny, sandbox.Decision{Status: http.StatusNotFound})},
	{2, fateOf("400", takesNone, sandbox.Decision{Status: http.StatusBadRequest})},
	{1, fateOf("403", takesNone, sandbox.Decision{Status: http.StatusForbidden})},
	{1, fateOf("409", takesNone, sandbox.Decision{Status: http.StatusConflict})},
	{1, fateOf("412", takesNone, sandbox.Decision{Status: http.StatusPreconditionFailed})},
	{1, fateOf("423", takesNone, sandbox.Decision{Status: http.StatusLocked})},
	{2, fateOf("dropped", takesAny, sandbox.Decision{Reply: sandbox.ReplyDropped})},
	{1, fateOf("twice", takesEffect, sandbox.Decision{Reply: sandbox.ReplyTwice})},
	{1, fateOf("alien", takesEffect, sandbox.Decision{Reply: sandbox.ReplyAlien})},
}

func fateOf(name string, takes effect, answer sandbox.Decision) struct {
	name   string
	takes  effect
	answer sandbox.Decision
} {
	return struct {
		name   string
		takes  effect
		answer sandbox.Decision
	}{name, takes, answer}
}

// readFates are the ways in which a task is read other than as the tenant holds it.
var readFates = []weighted[itemFate]{
	{3, itemFate{"404", sandbox.Decision{Status: http.StatusNotFound}}},
	{2, itemFate{"429", sandbox.Decision{Status: http.StatusTooManyRequests}}},
	{2, itemFate{"503", sandbox.Decision{Status: http.StatusServiceUnavailable}}},
	{1, itemFate{"500", sandbox.Decision{Status: http.StatusInternalServerError}}},
	{1, itemFate{"504", sandbox.Decision{Status: http.StatusGatewayTimeout}}},
	{1, itemFate{"403", sandbox.Decision{Status: http.StatusForbidden}}},
	{1, itemFate{"empty", sandbox.Decision{Body: sandbox.BodyNone}}},
	{1, itemFate{"garbage", sandbox.Decision{Body: sandbox.BodyGarbage}}},
	{2, itemFate{"dropped", sandbox.Decision{Reply: sandbox.ReplyDropped}}},
	{1, itemFate{"twice", sandbox.Decision{Reply: sandbox.ReplyTwice}}},
}

// callFates are the ways in which a whole $batch call fails.
var callFates = []weighted[fate]{
	{3, fate{name: "refused", refused: true}},
	{2, fate{name: "lost", lost: true}},
	{3, fate{name: "cut", whole: sandbox.Decision{Reply: sandbox.ReplyCut}}},
	{1, fate{name: "truncated", whole: sandbox.Decision{Reply: sandbox.ReplyTruncated}}},
	{1, fate{name: "hang", whole: sandbox.Decision{Reply: sandbox.ReplyHangs, Never: true}}},
	{1, fate{name: "hang-applied", whole: sandbox.Decision{Reply: sandbox.ReplyHangs}}},
	{1, fate{name: "401", whole: sandbox.Decision{Status: http.StatusUnauthorized, Never: true}}},
	{1, fate{name: "413", whole: sandbox.Decision{Status: http.StatusRequestEntityTooLarge, Never: true}}},
	{2, fate{name: "429", whole: sandbox.Decision{Status: http.StatusTooManyRequests, Never: true}}},
	{2, fate{name: "503", whole: sandbox.Decision{Status: http.StatusServiceUnavailable, Never: true}}},
	{1, fate{name: "500", whole: sandbox.Decision{Status: http.StatusInternalServerError}}},
	{1, fate{name: "504", whole: sandbox.Decision{Status: http.StatusGatewayTimeout}}},
	{1, fate{name: "424", whole: sandbox.Decision{Status: http.StatusFailedDependency, Body: sandbox.BodyResponses}}},
	{1, fate{name: "502-html", whole: sandbox.Decision{Status: http.StatusBadGateway, Body: sandbox.BodyHTML}}},
	{1, fate{name: "200-html", whole: sandbox.Decision{Body: sandbox.BodyHTML}}},
	{2, fate{name: "slow", whole: sandbox.Decision{Slow: 3 * time.Second}}},
}

// listFates are the ways in which a page of the list fails or is wrong.
var listFates = []weighted[fate]{
	{2, fate{name: "refused", refused: true}},
	{2, fate{name: "429", whole: sandbox.Decision{Status: http.StatusTooManyRequests, Never: true}}},
	{2, fate{name: "503", whole: sandbox.Decision{Status: http.StatusServiceUnavailable, Never: true}}},
	{1, fate{name: "cut", whole: sandbox.Decision{Reply: sandbox.ReplyCut}}},
	{1, fate{name: "slow", whole: sandbox.Decision{Slow: 3 * time.Second}}},
	{2, fate{name: "page-empty", items: []itemFate{{"", sandbox.Decision{Page: sandbox.PageEmpty}}}}},
	{2, fate{name: "page-repeats", items: []itemFate{{"", sandbox.Decision{Page: sandbox.PageRepeats}}}}},
}

var retryAfters = []weighted[string]{
	{2, ""}, {2, "none"}, {2, "0"}, {2, "0.249"}, {3, "1"}, {2, "9"}, {1, "33"}, {1, "date"}, {1, "past"}, {1, "garbage"}, {1, "message"},
}

// drawFate draws what becomes of a call. The world says what number it is for what it asks, of its kind.
func (sc *scenario) drawFate(ex *exchange, n int, lied map[string]bool) fate {
	d := roll(sc.seed, "call", ex.kind, ex.first(), n)
	travel := func() time.Duration { return sc.rtt/2 + d.upTo(sc.wander/2) + d.upTo(time.Microsecond) }
	f := fate{}
	calm := ex.left.Sub(ex.leg.world.start) > sc.calm
	if !calm && d.chance(sc.callFaults) && !sc.off["call"] {
		f = pickWeighted(d, callFates)
		if ex.kind == kindList {
			f = pickWeighted(d, listFates)
		}
		if f.whole.Status == http.StatusTooManyRequests || f.whole.Status == http.StatusServiceUnavailable {
			f.whole.RetryAfter = pickWeighted(d, retryAfters)
		}
		if f.name == "413" && len(ex.items) < 2 || sc.settle == 0 && (f.name == "lost" || f.name == "slow") {
			f = fate{}
		}
	}
	f.out, f.back = travel(), travel()
	f.whole.DateOff = sc.dateOff
	if ex.kind == kindList {
		sc.drawPage(ex, n, &f, calm, lied)
		return f
	}
	f.items = make([]itemFate, len(ex.items))
	for i, it := range ex.items {
		it.n = ex.leg.world.count(it.kind(), it.key)
		d := roll(sc.seed, "item", it.kind(), it.key, it.n)
		if it.write() {
			f.items[i] = sc.drawWrite(d, calm)
		} else {
			f.items[i] = sc.drawRead(d, it, calm, lied, f.name == "")
		}
	}
	return f
}

func (sc *scenario) drawWrite(d dice, calm bool) itemFate {
	late := time.Duration(0)
	if d.chance(sc.lateness) && !sc.off["late"] {
		late = d.upTo(sc.late)
	}
	if calm || !d.chance(sc.writeFaults) || sc.off["write"] {
		if late > 0 {
			return itemFate{"late", sandbox.Decision{Late: late}}
		}
		return itemFate{}
	}
	w := pickWeighted(d, writeFates)
	f := itemFate{w.name, w.answer}
	takes := w.takes == takesEffect || w.takes == takesAny && d.chance(0.5)
	switch {
	case !takes:
		f.Never = true
	case late > 0:
		f.Late = late
		f.name += "-late"
	case w.takes == takesAny:
		f.name += "-applied"
	}
	if f.Status == http.StatusTooManyRequests || f.Status == http.StatusServiceUnavailable {
		f.RetryAfter = pickWeighted(d, retryAfters)
	}
	return f
}

// drawRead draws how a task is read. Of two reads one after the other, at most one says falsely that there is no such task.
func (sc *scenario) drawRead(d dice, it *item, calm bool, lied map[string]bool, arrives bool) itemFate {
	f := itemFate{}
	if !calm && d.chance(sc.readFaults) && !sc.off["read"] {
		f = pickWeighted(d, readFates)
		if f.Status == http.StatusNotFound && lied[it.key] {
			f = itemFate{}
		}
	}
	lies := f.Status == http.StatusNotFound
	if lies || f.name == "" && arrives {
		lied[it.key] = lies
	}
	if d.chance(sc.lagging) && !sc.off["lag"] {
		f.Lag = d.upTo(sc.lag)
	}
	return f
}

// drawPage draws what a page of the list shows: each task as of a moment of its own, or not at all.
func (sc *scenario) drawPage(ex *exchange, n int, f *fate, calm bool, lied map[string]bool) {
	if f.items == nil {
		f.items = []itemFate{{}}
	}
	f.task = func(key string) sandbox.Decision {
		d := roll(sc.seed, "listed", key, n)
		var one sandbox.Decision
		if d.chance(sc.lagging) && !sc.off["lag"] {
			one.Lag = d.upTo(sc.lag)
		}
		if !calm && d.chance(sc.readFaults/4) && !lied[key] && !sc.off["read"] && f.name == "" {
			one.Omit, lied[key] = true, true
		}
		return one
	}
}
