using Retrieval.Search.Snapshots;
using Retrieval.Storage.Rows;

namespace Retrieval.Search.Images;

/// <summary>Where single images are stored: the local index, or the catalog.</summary>
public interface IImageStore
{
    /// <summary>Stores images and waits until searches here see them. An image with the same id is replaced, whoever wrote it.</summary>
    /// <param name="served">The snapshot whose model encoded them; they go into its index.</param>
    /// <param name="rows">The images.</param>
    /// <param name="cancellationToken">Cancelled when the caller disconnects; what is stored by then stays.</param>
    Task<StoredChange> PutAsync(SearchSnapshot served, ImageRows rows, CancellationToken cancellationToken);

    /// <summary>Deletes an image; null if no image has this id.</summary>
    /// <inheritdoc cref="PutAsync"/>
    Task<StoredChange?> DeleteAsync(SearchSnapshot served, string id, CancellationToken cancellationToken);
}
