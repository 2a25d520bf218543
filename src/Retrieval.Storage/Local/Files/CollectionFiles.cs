using Retrieval.Domain.Bundles;

namespace Retrieval.Storage.Local.Files;

/// <summary>The tensors of one collection. <see cref="Offset"/> and <see cref="Length"/> exist if a field is ragged.</summary>
internal sealed record CollectionFiles(
    string Name,
    FieldSpec EmbeddingSpec,
    IndexFile Embedding,
    IReadOnlyList<(FieldSpec Spec, IndexFile File)> Fields,
    IndexFile? Offset,
    IndexFile? Length)
{
    public bool Ragged => Offset is not null;
}
