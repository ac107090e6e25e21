#!/bin/sh
# Builds the worked policies again: examples/NAME/NAME.wat from its source, and target/NAME.wasm from that.
set -eu
cd "$(dirname "$0")"

need() { # tool, what to install
    command -v "$1" >/dev/null 2>&1 || { echo "build.sh: $1 is missing: $2" >&2; exit 1; }
}
need clang "install clang (Debian: apt-get install clang lld)"
need wasm-ld "install lld (Debian: apt-get install lld)"
need wasm2wat "install wabt (Debian: apt-get install wabt)"
need cargo "install Rust (https://rustup.rs)"
clang --print-targets | grep -q wasm32 || { echo "build.sh: this clang knows no wasm32: install another" >&2; exit 1; }
[ -d "$(rustc --print target-libdir --target wasm32-unknown-unknown)" ] || {
    echo "build.sh: Rust's wasm32-unknown-unknown is missing: rustup target add wasm32-unknown-unknown" >&2
    exit 1
}

mkdir -p target

# The text without indentation and without the comments that number things: a third of the length.
text() { # name, compiler
    wasm2wat "target/$1.wasm" >"target/$1.wat"
    {
        echo ";; $1, compiled by $2. Made by policies/build.sh: edit the source instead."
        sed -e 's/^ *//' -e '/^(data/!s/ *(;[^;]*;)//g' "target/$1.wat"
    } >"examples/$1/$1.wat"
    wat2wasm "examples/$1/$1.wat" -o "target/$1.wasm"
    wasm-validate "target/$1.wasm"
    echo "$1: $(wc -c <"target/$1.wasm") bytes, $(wc -c <"examples/$1/$1.wat") as text"
}

for name in region-weights wait-order; do
    clang --target=wasm32 -nostdlib -Os -mbulk-memory -std=c11 -Wall -Wextra -Werror -Isdk/c \
        -Wl,--no-entry,--strip-all,--stack-first "examples/$name/$name.c" -o "target/$name.wasm"
    text "$name" "clang $(clang -dumpversion)"
done

for name in rating-buckets; do
    # From its directory, for cargo reads .cargo/config.toml where it runs.
    (cd "examples/$name" && cargo build --quiet --locked --release --target wasm32-unknown-unknown \
        --target-dir ../../target/cargo)
    cp "target/cargo/wasm32-unknown-unknown/release/$(echo "$name" | tr - _).wasm" "target/$name.wasm"
    text "$name" "rustc $(rustc --version | cut -d ' ' -f 2)"
done

# The one that the example repository has travels in the wheel, as a module.
(cd examples/matchmaking && cargo build --quiet --locked --release --target wasm32-unknown-unknown --target-dir ../../target/cargo)
shipped=../python/configedge/example/policies
mkdir -p "$shipped"
cp target/cargo/wasm32-unknown-unknown/release/matchmaking.wasm "$shipped/"
wasm-validate "$shipped/matchmaking.wasm"
if command -v configedge >/dev/null 2>&1; then
    configedge policy pin "$shipped"
else
    echo "build.sh: pin $shipped with: configedge policy pin python/configedge/example/policies" >&2
fi
