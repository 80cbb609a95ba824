// Write a log with Go's own transparency-log library (golang.org/x/mod/sumdb), for us to read.
//
//	write-log NAME SIZE FOLDER
//
// FOLDER gets vkey, checkpoint, tile/ as C2SP tlog-tiles lays it out, proofs/<index>.tlog-proof for every leaf, and
// consistency.txt: a line `old root(old) hash...` for every smaller tree, its proof towards the whole one.
package main

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

var (
	stored  []tlog.Hash
	storage = tlog.HashReaderFunc(func(indexes []int64) (found []tlog.Hash, err error) {
		for _, index := range indexes {
			found = append(found, stored[index])
		}
		return found, nil
	})
)

func main() {
	name, out := os.Args[1], os.Args[3]
	size := must(strconv.ParseInt(os.Args[2], 10, 64))
	bundles := make([][]byte, (size+255)/256)
	for n := int64(0); n < size; n++ {
		entry := []byte(strings.Repeat(fmt.Sprintf("entry %d of Go\x00", n), int(n%5))) // every fifth one is empty
		bundles[n/256] = append(binary.BigEndian.AppendUint16(bundles[n/256], uint16(len(entry))), entry...)
		stored = append(stored, must(tlog.StoredHashes(n, entry, storage))...)
	}
	for _, tile := range tlog.NewTiles(8, 0, size) {
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		write(out, path, must(tlog.ReadTileData(tile, storage)))
		if tile.L == 0 {
			write(out, strings.Replace(path, "tile/0/", "tile/entries/", 1), bundles[tile.N])
		}
	}
	secret, vkey, err := note.GenerateKey(rand.Reader, name)
	check(err)
	root := must(tlog.TreeHash(size, storage))
	text := fmt.Sprintf("%s\n%d\n%s\n", name, size, root)
	signed := must(note.Sign(&note.Note{Text: text}, must(note.NewSigner(secret))))
	write(out, "vkey", []byte(vkey+"\n"))
	write(out, "checkpoint", signed)
	for n := int64(0); n < size; n++ {
		proof := fmt.Sprintf("c2sp.org/tlog-proof@v1\nindex %d\n", n)
		for _, hash := range must(tlog.ProveRecord(size, n, storage)) {
			proof += hash.String() + "\n"
		}
		write(out, fmt.Sprintf("proofs/%d.tlog-proof", n), []byte(proof+"\n"+string(signed)))
	}
	var lines strings.Builder
	for old := int64(1); old <= size; old++ {
		fmt.Fprint(&lines, old, " ", must(tlog.TreeHash(old, storage)))
		for _, hash := range must(tlog.ProveTree(size, old, storage)) {
			fmt.Fprint(&lines, " ", hash)
		}
		fmt.Fprintln(&lines)
	}
	write(out, "consistency.txt", []byte(lines.String()))
}

func write(folder, path string, content []byte) {
	path = filepath.Join(folder, path)
	check(os.MkdirAll(filepath.Dir(path), 0o755))
	check(os.WriteFile(path, content, 0o644))
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func must[T any](value T, err error) T {
	check(err)
	return value
}
