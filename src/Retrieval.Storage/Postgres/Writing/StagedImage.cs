using Retrieval.Storage.Rows;

namespace Retrieval.Storage.Postgres.Writing;

/// <summary>One image of a batch, ready to be written.</summary>
/// <param name="Row">Its position in the batch.</param>
/// <param name="Entry">The entry it was made from.</param>
/// <param name="FirstCaption">Position of its first caption among the batch's captions.</param>
/// <param name="Tags">UTF-8, see <see cref="Postgres.Tags"/>.</param>
/// <param name="Values">UTF-8, see <see cref="SortedValues"/>.</param>
internal sealed record StagedImage(int Row, ImageEntry Entry, int FirstCaption, IReadOnlyList<byte[]> Tags, IReadOnlyList<byte[]> Values);
