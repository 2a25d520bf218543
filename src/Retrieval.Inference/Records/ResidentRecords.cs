using Microsoft.ML.OnnxRuntime;

namespace Retrieval.Inference.Records;

/// <summary>Location of a copy of mapped records.</summary>
/// <param name="Memory">The runtime's descriptor of that memory.</param>
/// <param name="AddressOf">First byte of a field, or of <see cref="RecordTable.Offset"/> or <see cref="RecordTable.Length"/>.</param>
internal sealed record ResidentRecords(OrtMemoryInfo Memory, Func<string, nint> AddressOf);
