using Retrieval.Storage.Rows;

namespace Retrieval.Storage.Postgres.Writing;

/// <summary>One image of a batch, ready to be written.</summary>
/// <param name="Row">Its place in the batch.</param>
/// <param name="Entry">What it came with.</param>
/// <param name="FirstCaption">Place of its first caption among the batch's.</param>
/// <param name="Tags">UTF-8, see <see cref="Postgres.Tags"/>.</param>
internal sealed record StagedImage(int Row, ImageEntry Entry, int FirstCaption, IReadOnlyList<byte[]> Tags);
