// Check a log, or single proofs, with Go's own transparency-log library (golang.org/x/mod/sumdb) and nothing of ours.
//
//	verify-log log VKEY FOLDER EVERY [EARLIER-CHECKPOINT...]   a log folder as C2SP tlog-tiles lays it out: the root of its
//	    tiles, the inclusion of every EVERY-th leaf (1: of all), the consistency with each earlier checkpoint
//	verify-log proof VKEY STATEMENT PROOF...   .tlog-proof files; one line of verdict for each
package main

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// folder gives tlog the hash tiles. C2SP's paths are Go's without the tile height, which is always 8.
type folder string

func (f folder) Height() int                             { return 8 }
func (f folder) SaveTiles(tiles []tlog.Tile, _ [][]byte) {}
func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		data, err := os.ReadFile(f.path(tile))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func (f folder) path(tile tlog.Tile) string {
	name := strings.Replace(tile.Path(), "tile/8/data/", "tile/entries/", 1)
	return filepath.Join(string(f), strings.Replace(name, "tile/8/", "tile/", 1))
}

// entries reads the bundle that a data tile of the same number would be: uint16 length and bytes of each.
func (f folder) entries(tile tlog.Tile) (found [][]byte) {
	data := must(os.ReadFile(f.path(tile)))
	for len(data) > 0 {
		end := 2 + int(data[0])<<8 + int(data[1])
		found = append(found, data[2:end])
		data = data[end:]
	}
	if len(found) != tile.W {
		panic(fmt.Sprintf("%s holds %d entries", f.path(tile), len(found)))
	}
	return found
}

// open gives the tree that a signed checkpoint speaks of. Its first line must be the key's name.
func open(signed []byte, vkey string) (tree tlog.Tree, err error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return tree, err
	}
	opened, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return tree, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] != verifier.Name() {
		return tree, fmt.Errorf("not a checkpoint of %s", verifier.Name())
	}
	if tree.N, err = strconv.ParseInt(lines[1], 10, 64); err != nil {
		return tree, err
	}
	tree.Hash, err = tlog.ParseHash(lines[2])
	return tree, err
}

func checkLog(vkey string, f folder, every int64, earlier []string) {
	tree := must(open(must(os.ReadFile(filepath.Join(string(f), "checkpoint"))), vkey))
	hashes := tlog.TileHashReader(tree, f) // checks every tile that it reads against the root
	if root := must(tlog.TreeHash(tree.N, hashes)); root != tree.Hash {
		panic("the tiles have another root")
	}
	for first := int64(0); first < tree.N; first += 256 {
		width := min(256, tree.N-first)
		for at, entry := range f.entries(tlog.Tile{H: 8, L: -1, N: first / 256, W: int(width)}) {
			index := first + int64(at)
			if index%every != 0 {
				continue
			}
			proof := must(tlog.ProveRecord(tree.N, index, hashes))
			check(tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(entry)))
		}
	}
	for _, name := range earlier {
		old := must(open(must(os.ReadFile(name)), vkey))
		proof := must(tlog.ProveTree(tree.N, old.N, hashes))
		check(tlog.CheckTree(proof, tree.N, tree.Hash, old.N, old.Hash))
	}
	fmt.Printf("OK %d leaves, %d earlier trees\n", tree.N, len(earlier))
}

func checkProof(vkey string, statement []byte, name string) error {
	head, signed, _ := strings.Cut(string(must(os.ReadFile(name))), "\n\n")
	lines := strings.Split(head, "\n")
	if len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" || !strings.HasPrefix(lines[1], "index ") {
		return fmt.Errorf("not a tlog-proof")
	}
	index, err := strconv.ParseInt(lines[1][len("index "):], 10, 64)
	if err != nil {
		return err
	}
	var path tlog.RecordProof
	for _, line := range lines[2:] {
		hash, err := base64.StdEncoding.Strict().DecodeString(line)
		if err != nil || len(hash) != tlog.HashSize {
			return fmt.Errorf("not a hash: %q", line)
		}
		path = append(path, *(*tlog.Hash)(hash))
	}
	tree, err := open([]byte(signed), vkey)
	if err != nil {
		return err
	}
	return tlog.CheckRecord(path, tree.N, tree.Hash, index, tlog.RecordHash(statement))
}

func main() {
	switch words := os.Args[1:]; words[0] {
	case "log":
		checkLog(words[1], folder(words[2]), must(strconv.ParseInt(words[3], 10, 64)), words[4:])
	case "proof":
		statement := must(os.ReadFile(words[2]))
		for _, name := range words[3:] {
			if err := checkProof(words[1], statement, name); err != nil {
				fmt.Println("BAD", err)
			} else {
				fmt.Println("OK")
			}
		}
	}
}

func min(a, b int64) int64 {
	if a < b {
		return a
	}
	return b
}

func check(err error) {
	if err != nil {
		fmt.Println("BAD", err)
		os.Exit(1)
	}
}

func must[T any](value T, err error) T {
	check(err)
	return value
}
