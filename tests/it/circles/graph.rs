//! Which file of a crate depends on which other, and where that is circular.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use super::source::{Import, Source};

/// The most re-exports through which a name may pass.
const MOST_STEPS: usize = 20;

struct Module {
    file: String,
    parent: Option<usize>,
    children: HashMap<String, usize>,
    source: Source,
}

/// The target of a path; a path out of the crate has none.
#[derive(Clone, Copy)]
enum Place {
    Module(usize),
    /// What the file of this module defines.
    Item(usize),
}

/// The files of one crate.
pub(super) struct Graph {
    modules: Vec<Module>,
    /// For each module, those on which it depends, and the first line that names each of them.
    needs: Vec<BTreeMap<usize, usize>>,
}

impl Graph {
    /// The graph of the files that the root declares, each with its name below the source folder.
    pub(super) fn new(root: &str, files: &HashMap<String, String>) -> Self {
        let mut graph = Self { needs: Vec::new(), modules: Vec::new() };
        graph.add(root, "", None, files);
        graph.needs = (0..graph.modules.len()).map(|module| graph.needs_of(module)).collect();
        graph
    }

    /// Adds a file and those that it declares, which are in this folder. What only tests compile has no
    /// declaration.
    fn add(
        &mut self,
        file: &str,
        folder: &str,
        parent: Option<usize>,
        files: &HashMap<String, String>,
    ) -> usize {
        let (index, source) = (self.modules.len(), Source::parse(&files[file]));
        let mut declared: Vec<_> = source.declared.iter().cloned().collect();
        declared.sort();
        self.modules.push(Module { file: file.to_owned(), parent, children: HashMap::new(), source });
        for name in declared {
            let child =
                self.add(&format!("{folder}{name}.rs"), &format!("{folder}{name}/"), Some(index), files);
            self.modules[index].children.insert(name, child);
        }
        index
    }

    fn needs_of(&self, module: usize) -> BTreeMap<usize, usize> {
        let mut needs: BTreeMap<usize, usize> = BTreeMap::new();
        let mut add = |needed: usize, line: usize| {
            if needed != module {
                let first = needs.entry(needed).or_insert(line);
                *first = line.min(*first);
            }
        };
        let source = &self.modules[module].source;
        for Import { path, name, is_public } in &source.imports {
            match self.resolve(module, &path.segments, MOST_STEPS) {
                Some(Place::Item(needed)) if *is_public && self.is_below(needed, module) => {}
                Some(Place::Module(needed)) if name == "*" && !is_public => add(needed, path.line),
                Some(Place::Item(needed)) => add(needed, path.line),
                _ => {}
            }
        }
        for path in &source.paths {
            if let Some(Place::Item(needed)) = self.resolve(module, &path.segments, MOST_STEPS) {
                add(needed, path.line);
            }
        }
        needs
    }

    fn is_below(&self, module: usize, ancestor: usize) -> bool {
        let mut parents = std::iter::successors(Some(module), |module| self.modules[*module].parent);
        parents.any(|parent| parent == ancestor)
    }

    /// Follows a path through modules and re-exports to its target.
    fn resolve(&self, from: usize, segments: &[String], steps: usize) -> Option<Place> {
        let steps = steps.checked_sub(1)?;
        let mut place = from;
        for (index, segment) in segments.iter().enumerate() {
            place = match segment.as_str() {
                "crate" => 0,
                "self" if index == 0 => from,
                "super" => self.modules[place].parent?,
                name => match self.look_up(place, name, index == 0, steps)? {
                    Place::Module(module) => module,
                    item @ Place::Item(_) => return Some(item),
                },
            };
        }
        Some(Place::Module(place))
    }

    /// What a name means in a module. At the start of a path, a name may also be a local one or another
    /// crate's.
    fn look_up(&self, module: usize, name: &str, is_start: bool, steps: usize) -> Option<Place> {
        let Module { children, source, .. } = &self.modules[module];
        if let Some(child) = children.get(name) {
            return Some(Place::Module(*child));
        }
        if source.defined.contains(name) {
            return Some(Place::Item(module));
        }
        if let Some(import) = source.imports.iter().find(|import| import.name == name) {
            let segments = &import.path.segments;
            // Another crate's own name.
            return if segments[0] == name { None } else { self.resolve(module, segments, steps) };
        }
        for import in source.imports.iter().filter(|import| import.name == "*") {
            if let Some(Place::Module(other)) = self.resolve(module, &import.path.segments, steps) {
                let inner = &self.modules[other];
                let knows = inner.source.defined.contains(name)
                    || inner.source.imports.iter().any(|inner| inner.name == name);
                if other != module && knows {
                    return self.look_up(other, name, false, steps);
                }
            }
        }
        if module == 0 && !is_start {
            let exports = |module: &Module| module.source.exported_macros.contains(name);
            if let Some(writer) = self.modules.iter().position(exports) {
                return Some(Place::Item(writer));
            }
        }
        // What a macro defines.
        (!is_start).then_some(Place::Item(module))
    }

    /// The shortest circle through every dependency that is on one, each circle once.
    fn circles(&self, left_out: impl Fn(usize) -> bool) -> Vec<Vec<usize>> {
        let mut found = BTreeSet::new();
        for start in (0..self.modules.len()).filter(|module| !left_out(*module)) {
            for next in self.needs[start].keys().filter(|module| !left_out(**module)) {
                if let Some(mut circle) = self.way(*next, start, &left_out) {
                    let least = (0..circle.len()).min_by_key(|index| circle[*index]).unwrap_or(0);
                    circle.rotate_left(least);
                    found.insert(circle);
                }
            }
        }
        let mut found: Vec<_> = found.into_iter().collect();
        found.sort_by_key(Vec::len);
        found
    }

    /// The shortest path along dependencies, both ends included.
    fn way(&self, from: usize, to: usize, left_out: &impl Fn(usize) -> bool) -> Option<Vec<usize>> {
        let mut before = HashMap::from([(from, from)]);
        let mut queue = VecDeque::from([from]);
        while let Some(module) = queue.pop_front() {
            if module == to {
                let mut way = vec![to];
                while way[way.len() - 1] != from {
                    way.push(before[&way[way.len() - 1]]);
                }
                way.reverse();
                return Some(way);
            }
            for next in self.needs[module].keys().filter(|next| !left_out(**next)) {
                if !before.contains_key(next) {
                    before.insert(*next, module);
                    queue.push_back(*next);
                }
            }
        }
        None
    }

    /// The circles without a reason in any file, as their files and the lines that name the next one.
    pub(super) fn unexplained(&self) -> Vec<String> {
        let circles = self.circles(|module| self.modules[module].source.has_reason);
        circles.iter().map(|circle| self.describe(circle)).collect()
    }

    /// The files that have a reason but are on no circle.
    pub(super) fn needless_reasons(&self) -> Vec<&str> {
        let on_circle: BTreeSet<usize> = self.circles(|_| false).into_iter().flatten().collect();
        let modules = self.modules.iter().enumerate();
        let needless =
            modules.filter(|(index, module)| module.source.has_reason && !on_circle.contains(index));
        needless.map(|(_, module)| module.file.as_str()).collect()
    }

    fn describe(&self, circle: &[usize]) -> String {
        let next = circle.iter().cycle().skip(1);
        let place = |(module, next): (&usize, &usize)| {
            format!("{}:{}", self.modules[*module].file, self.needs[*module][next])
        };
        let places: Vec<_> = circle.iter().zip(next).map(place).collect();
        format!("{} -> {}", places.join(" -> "), self.modules[circle[0]].file)
    }
}
