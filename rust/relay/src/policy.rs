//! One policy: a WASM module that says whether a bundle's values may be published, and may derive more of them.
//!
//! It runs in an interpreter without imports, so it has no clock, no file, no randomness: the same values get the same verdict
//! everywhere. `docs/policies.md` is the contract with whoever writes one.

use serde::Deserialize;
use std::time::Duration;
use wasmi::{
    CompilationMode, Config, EnforcedLimits, Engine, Instance, Linker, Memory, Module, Store, StoreLimits, StoreLimitsBuilder,
};
use wasmi::{TypedFunc, TypedResumableCall};

/// Largest module in bytes.
pub const MAX_MODULE_LEN: usize = 256 << 10;
/// Most memory a module may have, in bytes.
pub const MAX_MEMORY: usize = 4 << 20;
/// What a run may cost, in the interpreter's units: about one an instruction.
pub const FUEL: u64 = 40_000_000;
/// Longest time of the processor that compiling or a run may take.
pub const DEADLINE: Duration = Duration::from_millis(100);
/// Longest answer of `configedge_check` in bytes.
pub const MAX_VERDICT_LEN: usize = 64 << 10;
/// Longest answer of `configedge_derive` in bytes.
pub const MAX_DERIVED_LEN: usize = 1 << 20;
/// Most messages told of one bundle by one policy.
pub const MAX_MESSAGES: usize = 50;

/// The only contract there is.
const ABI: i32 = 1;
/// How far a run goes between two looks at the clock.
const SLICE: u64 = 200_000;

/// Something a policy says of a value.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
pub struct Message {
    /// Dotted path below the bundle's values; empty for all of them.
    #[serde(default)]
    pub key: String,
    pub message: String,
    #[serde(default)]
    pub hint: String,
}

/// What a policy says of a bundle.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdict {
    pub accept: bool,
    /// Why not; or, with `accept`, what to look at.
    pub messages: Vec<Message>,
    /// A JSON object to merge into the values.
    pub derived: Option<serde_json::Value>,
}

/// A compiled module that keeps the contract.
pub struct Policy {
    engine: Engine,
    module: Module,
}

impl Policy {
    /// # Errors
    /// The module breaks a limit or the contract; says which.
    pub fn compile(wasm: &[u8]) -> Result<Self, String> {
        if wasm.len() > MAX_MODULE_LEN {
            return Err(format!("the module has {} bytes, and the limit is {MAX_MODULE_LEN}", wasm.len()));
        }
        let begun = cpu_time();
        let engine = Engine::new(&config());
        // First as a whole: the compiler takes it for granted that what it has come to is valid.
        let module = Module::validate(&engine, wasm)
            .and_then(|()| Module::new(&engine, wasm))
            .map_err(|error| format!("not a module that can be run: {error}"))?;
        if let Some(import) = module.imports().next() {
            return Err(format!("it imports {}.{}, and a policy may import nothing", import.module(), import.name()));
        }
        in_time(begun)?;
        Ok(Self { engine, module })
    }

    /// Runs it on `input`, the JSON that `docs/policies.md` describes.
    ///
    /// # Errors
    /// It trapped, ran out of fuel or time, or answered something that is no answer; says which.
    pub fn run(&self, input: &str) -> Result<Verdict, String> {
        let mut run = Run::new(self)?;
        let abi = run.function::<(), i32>("configedge_abi")?;
        let abi = run.call(abi, ())?;
        if abi != ABI {
            return Err(format!("it is written for version {abi} of the contract, and this relay knows {ABI}"));
        }
        let check = run.function("configedge_check")?;
        let verdict = run.ask(check, input, MAX_VERDICT_LEN)?;
        let mut verdict = verdict.as_deref().map_or(Ok(Verdict { accept: true, ..Verdict::default() }), parse_verdict)?;
        if verdict.accept && self.module.get_export("configedge_derive").is_some() {
            let derive = run.function("configedge_derive")?;
            verdict.derived = run.ask(derive, input, MAX_DERIVED_LEN)?.as_deref().map(parse_derived).transpose()?;
        }
        Ok(verdict)
    }
}

fn config() -> Config {
    let mut config = Config::default();
    config
        .consume_fuel(true)
        // Compiled when it is loaded: later, it would take of a run's fuel, where no run can be resumed.
        .compilation_mode(CompilationMode::Eager)
        .allow_start_fn(false)
        .ignore_custom_sections(true)
        .enforced_limits(EnforcedLimits::strict())
        .set_max_recursion_depth(1_000)
        .set_max_stack_height(256 << 10)
        .wasm_multi_memory(false)
        .wasm_tail_call(false)
        .wasm_custom_page_sizes(false);
    config
}

fn parse_verdict(text: &str) -> Result<Verdict, String> {
    #[derive(Deserialize)]
    struct Answer {
        accept: bool,
        #[serde(default)]
        messages: Vec<Message>,
    }
    let Answer { accept, mut messages } =
        serde_json::from_str(text).map_err(|error| format!("its answer is not the JSON of a verdict: {error}"))?;
    messages.truncate(MAX_MESSAGES);
    if !accept && messages.is_empty() {
        messages.push(Message { message: "refused without a reason".to_owned(), ..Message::default() });
    }
    Ok(Verdict { accept, messages, derived: None })
}

fn parse_derived(text: &str) -> Result<serde_json::Value, String> {
    let derived: serde_json::Value =
        serde_json::from_str(text).map_err(|error| format!("what it derives is not JSON: {error}"))?;
    if derived.is_object() { Ok(derived) } else { Err("what it derives is not a JSON object".to_owned()) }
}

/// A module in use, with what is left of its budget.
struct Run {
    store: Store<StoreLimits>,
    instance: Instance,
    memory: Memory,
    begun: Duration,
    fuel: u64,
}

impl Run {
    fn new(policy: &Policy) -> Result<Self, String> {
        let limits = StoreLimitsBuilder::new().memory_size(MAX_MEMORY).memories(1).tables(4).table_elements(10_000).instances(1);
        let mut store = Store::new(&policy.engine, limits.build());
        store.limiter(|limits| limits);
        store.set_fuel(SLICE).map_err(|error| error.to_string())?;
        let begun = cpu_time();
        let linker = Linker::<StoreLimits>::new(&policy.engine);
        let instance = linker.instantiate_and_start(&mut store, &policy.module);
        let instance = instance.map_err(|error| format!("it cannot be started: {error}"))?;
        let memory = instance.get_memory(&store, "memory").ok_or("it exports no memory: export \"memory\"")?;
        Ok(Self { store, instance, memory, begun, fuel: FUEL })
    }

    fn function<P, R>(&self, name: &str) -> Result<TypedFunc<P, R>, String>
    where
        P: wasmi::WasmParams,
        R: wasmi::WasmResults,
    {
        self.instance
            .get_typed_func(&self.store, name)
            .map_err(|error| format!("{name}: {error}: export it as the contract says"))
    }

    /// Calls one function that is given the input and answers by a place in memory; `None` if it says nothing.
    fn ask(&mut self, function: TypedFunc<(i32, i32), i64>, input: &str, longest: usize) -> Result<Option<String>, String> {
        let len = i32::try_from(input.len()).map_err(|_| "the input is too long".to_owned())?;
        let alloc = self.function::<i32, i32>("configedge_alloc")?;
        let at = self.call(alloc, len)?;
        if at == 0 {
            return Err(format!("configedge_alloc({len}) has no room for the input"));
        }
        let place =
            self.memory.data_mut(&mut self.store).get_mut(at as u32 as usize..).and_then(|rest| rest.get_mut(..input.len()));
        place.ok_or("configedge_alloc gave a place outside of its memory")?.copy_from_slice(input.as_bytes());

        let answer = self.call(function, (at, len))? as u64;
        let (at, len) = ((answer >> 32) as usize, answer as u32 as usize);
        if len == 0 {
            return Ok(None);
        }
        if len > longest {
            return Err(format!("its answer has {len} bytes, and the limit is {longest}"));
        }
        let text = self.memory.data(&self.store).get(at..at + len).ok_or("its answer lies outside of its memory")?;
        String::from_utf8(text.to_vec()).map(Some).map_err(|_| "its answer is not UTF-8".to_owned())
    }

    /// Runs `function` in slices, so that it is stopped in time as well as at its fuel's end.
    fn call<P, R>(&mut self, function: TypedFunc<P, R>, arguments: P) -> Result<R, String>
    where
        P: wasmi::WasmParams,
        R: wasmi::WasmResults,
    {
        self.refuel(SLICE)?;
        let mut call = function.call_resumable(&mut self.store, arguments);
        loop {
            match call {
                Ok(TypedResumableCall::Finished(result)) => {
                    self.fuel += self.store.get_fuel().unwrap_or_default();
                    return Ok(result);
                }
                Ok(TypedResumableCall::OutOfFuel(paused)) => {
                    in_time(self.begun)?;
                    self.refuel(paused.required_fuel().max(SLICE))?;
                    call = paused.resume(&mut self.store);
                }
                Ok(TypedResumableCall::HostTrap(_)) => return Err("it called its host, which it must not".to_owned()),
                Err(error) => return Err(format!("it trapped: {error}")),
            }
        }
    }

    fn refuel(&mut self, wanted: u64) -> Result<(), String> {
        let left = self.store.get_fuel().unwrap_or_default();
        self.fuel += left;
        if self.fuel < wanted.min(SLICE) || wanted > self.fuel.max(SLICE) {
            return Err(format!("it ran out of fuel ({FUEL} instructions): it loops, or does too much"));
        }
        let slice = wanted.min(self.fuel);
        self.fuel -= slice;
        self.store.set_fuel(slice).map_err(|error| error.to_string())
    }
}

/// Of this thread, so that a busy machine refuses nothing that a quiet one accepts.
fn cpu_time() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

fn in_time(begun: Duration) -> Result<(), String> {
    let taken = cpu_time().saturating_sub(begun);
    if taken > DEADLINE {
        return Err(format!("it took {} ms of the processor, and the limit is {}", taken.as_millis(), DEADLINE.as_millis()));
    }
    Ok(())
}
