using Retrieval.Search.Snapshots;
using Retrieval.Storage.Rows;

namespace Retrieval.Search.Images;

/// <summary>Where single images are stored: the local index, or the catalog.</summary>
public interface IImageStore
{
    /// <summary>Stores images, in the place of those of the same id, whoever wrote them, and waits until searches here see them.</summary>
    /// <param name="served">The snapshot whose model encoded them; they go into its index.</param>
    /// <param name="rows">The images.</param>
    /// <param name="cancellationToken">Cancelled when the caller leaves; what is stored by then stays.</param>
    Task<StoredChange> PutAsync(SearchSnapshot served, ImageRows rows, CancellationToken cancellationToken);

    /// <summary>Deletes an image; null if there is none of this id.</summary>
    /// <inheritdoc cref="PutAsync"/>
    Task<StoredChange?> DeleteAsync(SearchSnapshot served, string id, CancellationToken cancellationToken);
}
