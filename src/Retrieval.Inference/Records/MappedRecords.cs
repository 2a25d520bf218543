using Retrieval.Domain.Bundles;

namespace Retrieval.Inference.Records;

/// <summary>
/// Memory that holds a collection's records field by field, as mapped by a local index. It must stay valid and unchanged as long as
/// a <see cref="RecordTable"/> over it is in use.
/// </summary>
/// <param name="Count">Number of items.</param>
/// <param name="Fields">Each field's rows: start address and number of rows (items for a fixed field, words for a ragged one).</param>
/// <param name="Offsets">Address of int64 <c>[Count]</c>, the first ragged row of each item; zero if no field is ragged.</param>
/// <param name="Lengths">Address of int64 <c>[Count]</c>, the number of ragged rows of each item; zero if no field is ragged.</param>
public sealed record MappedRecords(long Count, IReadOnlyList<(FieldSpec Field, nint Address, long Rows)> Fields, nint Offsets, nint Lengths);
