package ingest

import "hash/maphash"

var textSeed = maphash.MakeSeed()

func hashOfText(text string) uint32 { return uint32(maphash.String(textSeed, text)) }

// hashIndex finds what has a text by the text's hash. It holds numbers from 1 on and no text, which takes less than half of a
// map's memory. The zero value is empty.
type hashIndex struct {
	slots []uint64 // the hash, and the number; 0 is free
	held  int
}

// find returns the number with this hash of which same says that it is the one.
func (x *hashIndex) find(hash uint32, same func(n uint32) bool) (n uint32, ok bool) {
	if x.held == 0 {
		return 0, false
	}
	for at := int(hash); ; at++ {
		slot := x.slots[at&(len(x.slots)-1)]
		if slot == 0 {
			return 0, false
		}
		if uint32(slot>>32) == hash && same(uint32(slot)) {
			return uint32(slot), true
		}
	}
}

// add takes a number that is not there.
func (x *hashIndex) add(hash, n uint32) {
	if 4*x.held >= 3*len(x.slots) {
		old := x.slots
		x.slots = make([]uint64, max(64, 2*len(old)))
		for _, slot := range old {
			if slot != 0 {
				x.put(slot)
			}
		}
	}
	x.put(uint64(hash)<<32 | uint64(n))
	x.held++
}

// of returns the first index that was given with this text, which is i itself if the text is new. textAt gives it back.
func (x *hashIndex) of(text string, i int, textAt func(int) string) int {
	hash := hashOfText(text)
	if n, known := x.find(hash, func(n uint32) bool { return textAt(int(n-1)) == text }); known {
		return int(n - 1)
	}
	x.add(hash, uint32(i+1))
	return i
}

func (x *hashIndex) put(slot uint64) {
	at := int(slot >> 32)
	for x.slots[at&(len(x.slots)-1)] != 0 {
		at++
	}
	x.slots[at&(len(x.slots)-1)] = slot
}
