//! The tidy table of a store as Apache Parquet (format 2.6): columns with types, without compression.

use super::export::{COLUMNS, Run, unit_text};
use parquet::basic::{LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::Result;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;
use std::sync::Arc;

/// Runs that are written together: some hundred metrics each make a group of about 100,000 rows.
const RUNS_PER_GROUP: usize = 500;

pub fn bytes(runs: &[Run]) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut file = SerializedFileWriter::new(&mut bytes, schema()?, Arc::default())?;
    for runs in runs.chunks(RUNS_PER_GROUP) {
        let mut group = file.next_row_group()?;
        write(&mut group, runs)?;
        group.close()?;
    }
    file.close()?;
    Ok(bytes)
}

fn schema() -> Result<Arc<Type>> {
    let column = |name: &&str| {
        let (physical, logical, repetition) = match *name {
            "day" | "users" | "value" => (Physical::DOUBLE, None, Repetition::OPTIONAL),
            "warm_up_s" | "window_s" => (Physical::DOUBLE, None, Repetition::REQUIRED),
            "replication" => (Physical::INT64, None, Repetition::REQUIRED),
            "seed" => {
                let unsigned = LogicalType::integer(64, false);
                (Physical::INT64, Some(unsigned), Repetition::REQUIRED)
            }
            "fault" => (Physical::BYTE_ARRAY, Some(LogicalType::String), Repetition::OPTIONAL),
            _ => (Physical::BYTE_ARRAY, Some(LogicalType::String), Repetition::REQUIRED),
        };
        Type::primitive_type_builder(name, physical)
            .with_logical_type(logical)
            .with_repetition(repetition)
            .build()
            .map(Arc::new)
    };
    let columns = COLUMNS.iter().map(column).collect::<Result<_>>()?;
    Type::group_type_builder("store").with_fields(columns).build().map(Arc::new)
}

type Group<'a, 'b> = SerializedRowGroupWriter<'a, &'b mut Vec<u8>>;

/// The columns in the order of [`COLUMNS`].
fn write(group: &mut Group<'_, '_>, runs: &[Run]) -> Result<()> {
    texts(group, runs, |it| it.label.experiment.clone())?;
    texts(group, runs, |it| it.label.model.clone())?;
    texts(group, runs, Run::factors)?;
    optional::<DoubleType>(group, each_run(runs, |it| it.label.day))?;
    optional::<DoubleType>(group, each_run(runs, |it| it.label.users))?;
    let text = |it: &str| ByteArray::from(it);
    optional::<ByteArrayType>(group, each_run(runs, |it| it.label.fault.as_deref().map(text)))?;
    texts(group, runs, |it| it.label.point.clone())?;
    required::<Int64Type>(group, each_run(runs, |it| it.label.seed as i64))?;
    required::<Int64Type>(group, each_run(runs, |it| i64::from(it.label.replication)))?;
    required::<DoubleType>(group, each_run(runs, |it| it.label.warm_up_s))?;
    required::<DoubleType>(group, each_run(runs, |it| it.label.window_s))?;
    let figures = || runs.iter().flat_map(|it| &it.figures);
    required::<ByteArrayType>(group, figures().map(|it| text(&it.0)).collect())?;
    required::<ByteArrayType>(group, figures().map(|it| text(&unit_text(it.1))).collect())?;
    optional::<DoubleType>(group, figures().map(|it| it.2).collect())?;
    texts(group, runs, |it| it.program.version.clone())?;
    texts(group, runs, |it| it.program.sources.clone())?;
    texts(group, runs, |it| it.key.clone())
}

/// What holds for a run stands in the row of each of its metrics.
fn each_run<T: Clone>(runs: &[Run], of: impl Fn(&Run) -> T) -> Vec<T> {
    runs.iter().flat_map(|it| std::iter::repeat_n(of(it), it.figures.len())).collect()
}

fn texts(group: &mut Group<'_, '_>, runs: &[Run], of: impl Fn(&Run) -> String) -> Result<()> {
    required::<ByteArrayType>(group, each_run(runs, |it| ByteArray::from(of(it).into_bytes())))
}

fn required<T: DataType>(group: &mut Group<'_, '_>, values: Vec<T::T>) -> Result<()> {
    column::<T>(group, &values, None)
}

fn optional<T: DataType>(group: &mut Group<'_, '_>, values: Vec<Option<T::T>>) -> Result<()> {
    let levels: Vec<i16> = values.iter().map(|it| i16::from(it.is_some())).collect();
    let values: Vec<T::T> = values.into_iter().flatten().collect();
    column::<T>(group, &values, Some(&levels))
}

/// The next column.
fn column<T: DataType>(
    group: &mut Group<'_, '_>,
    values: &[T::T],
    levels: Option<&[i16]>,
) -> Result<()> {
    let mut column = group.next_column()?.expect("a column is written for each of the schema");
    column.typed::<T>().write_batch(values, levels, None)?;
    column.close()
}
