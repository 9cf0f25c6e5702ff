//! Zips, and what is refused before one counts as built.

use std::{fs, process::Command};

use delivery::{
    Artifact, archive,
    program::{self, Architecture},
    trial,
};

/// This machine's own.
fn architecture() -> Architecture {
    if cfg!(target_arch = "aarch64") { Architecture::Arm64 } else { Architecture::X86_64 }
}

/// A program that is not stripped: this test.
fn a_program() -> Vec<u8> {
    fs::read(std::env::current_exe().unwrap()).unwrap()
}

/// The same program with one section more, whether or not it was built with debug information.
fn with_debug_information(program: &[u8]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let [bare, section, debug] = ["bare", "section", "debug"].map(|name| folder.path().join(name));
    fs::write(&bare, program).unwrap();
    fs::write(&section, "any").unwrap();
    let mut objcopy = Command::new("objcopy");
    objcopy.args(["--strip-debug", "--add-section"]).arg(format!(".debug_info={}", section.display()));
    assert!(objcopy.arg(bare).arg(&debug).status().unwrap().success(), "objcopy (binutils) is needed");
    fs::read(debug).unwrap()
}

fn one() -> Artifact {
    Artifact::chosen(&["postgres_single_user".to_owned()]).unwrap()[0]
}

/// The bytes of a zip depend on its program alone.
#[test]
fn zip_depends_on_its_program_alone() {
    let program = fs::read("/bin/true").unwrap();
    let zip = archive::pack(&program).unwrap();
    assert_eq!(zip, archive::pack(&program).unwrap());
    assert_eq!(archive::unpack(&zip).unwrap(), program);
    // Time and date of the first local header: the earliest that a zip can express.
    assert_eq!(zip[10..14], [0, 0, 0x21, 0]);
    let mode = zip::ZipArchive::new(std::io::Cursor::new(&zip)).unwrap().by_index(0).unwrap().unix_mode();
    assert_eq!(mode, Some(0o100_755));
}

/// A program of many chunks is unpacked whole.
#[test]
fn program_of_many_chunks() {
    // Longer than two pieces of the compressor, ending within a third; no two of its lines are equal.
    let lines = (0..).map(|line: u32| format!("{line} {:08x}\n", line.wrapping_mul(0x9e37_79b9)));
    let program: Vec<u8> = lines.flat_map(String::into_bytes).take(300 << 10).collect();
    let zip = archive::pack(&program).unwrap();
    assert!(archive::unpack(&zip).unwrap() == program, "another program comes back");
    assert!(zip.len() < program.len(), "it is not compressed: {} bytes", zip.len());
}

/// A program that Lambda cannot start is refused.
#[test]
fn program_lambda_cannot_start() {
    #[track_caller]
    fn check(program: &[u8], architecture: Architecture, expected: &str) {
        let error = program::check(program, architecture).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    let other = match architecture() {
        Architecture::X86_64 => Architecture::Arm64,
        Architecture::Arm64 => Architecture::X86_64,
    };
    let good = a_program();
    check(b"#!/bin/sh", architecture(), "no 64-bit ELF program");
    check(&good, other, "it is built for");
    check(&with_debug_information(&good), architecture(), "debug information");
    // A name of the same length in the table of versions: what a newer C library would leave there.
    let mut newer = good;
    let name = b"\0GLIBC_2.34\0";
    let place =
        newer.windows(name.len()).position(|window| window == name).expect("a version of this library");
    newer[place..place + name.len()].copy_from_slice(b"\0GLIBC_2.99\0");
    check(&newer, architecture(), "it needs glibc 2.99, and provided.al2023 has 2.34");
}

/// Every program is checked, and nothing is listed where one is refused.
#[test]
fn every_program_is_checked() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("manifest.json"), "of an earlier run").unwrap();
    fs::create_dir(folder.path().join("network_discovery")).unwrap();
    fs::write(folder.path().join("network_discovery/bootstrap"), "#!/bin/sh").unwrap();
    let mut pack = Command::new(env!("CARGO_BIN_EXE_delivery"));
    pack.arg("pack").args([
        "--commit",
        "c",
        "--compiler",
        "r",
        "network_discovery",
        "docdb_master_user",
        "--programs",
    ]);
    let output = pack.arg(folder.path()).arg("--to").arg(folder.path()).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert!(!output.status.success() && lines.len() == 3, "{text}");
    assert!(
        lines[0].starts_with("docdb_master_user      refused: ") && lines[0].contains("cannot be read"),
        "{text}"
    );
    assert!(lines[1].starts_with("network_discovery      refused: this is no 64-bit ELF program"), "{text}");
    assert_eq!(lines[2], "no packages: docdb_master_user, network_discovery refused");
    assert!(!folder.path().join("manifest.json").exists());
}

/// Any program is checked, tried and zipped, and one that refuses its secret is not.
#[test]
fn any_program_is_packed() {
    let folder = tempfile::tempdir().unwrap();
    let custom = |arguments: &[&str]| {
        let mut delivery = Command::new(env!("CARGO_BIN_EXE_delivery"));
        let output = delivery.arg("custom").args(arguments).current_dir(folder.path()).output().unwrap();
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        (output.status.success(), text)
    };
    fs::write(folder.path().join("other.json"), r#"{"token": "of another service"}"#).unwrap();
    for program in ["postgres_single_user", "examples/answering"] {
        let built = crate::deployment::programs().join(program);
        let name = program.rsplit('/').next().unwrap();
        let stripped = Command::new("strip").arg("-o").arg(folder.path().join(name)).arg(built).status();
        assert!(
            stripped.unwrap().success(),
            "strip (binutils) is needed, and {program}: cargo build --workspace --all-targets"
        );
    }
    // Compressing takes long; the smallest program is enough for that.
    let (is_good, text) = custom(&["answering", "--to", "own.zip"]);
    assert!(is_good && text.starts_with("own.zip "), "{text}");
    assert!(folder.path().join("own.zip").is_file());
    let (is_good, text) = custom(&["answering", "--to", "no.zip", "--most", "16"]);
    assert!(!is_good && text.contains("its limit is 0.02"), "{text}");
    let (is_good, text) = custom(&["postgres_single_user", "--to", "no.zip", "--secret", "other.json"]);
    assert!(!is_good && text.contains("SECRET_FIELD_MISSING"), "{text}");
    assert!(!folder.path().join("no.zip").exists());
}

/// A program that ends at once or does not rotate does not count as built.
#[tokio::test]
async fn idle_program_is_not_built() {
    #[track_caller]
    fn check(outcome: anyhow::Result<()>, expected: &str) {
        let error = format!("{:#}", outcome.unwrap_err());
        assert!(error.contains(expected), "{error}");
    }
    let ends = archive::pack(&fs::read("/bin/true").unwrap()).unwrap();
    check(trial::run(&one(), &ends, None).await, "Runtime.ExitError");
    let two = {
        let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for name in ["bootstrap", "other"] {
            writer.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        }
        writer.finish().unwrap().into_inner()
    };
    check(trial::run(&one(), &two, None).await, "more than the program");
}
