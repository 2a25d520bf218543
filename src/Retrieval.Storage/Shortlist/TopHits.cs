namespace Retrieval.Storage.Shortlist;

/// <summary>
/// The best hits seen so far: higher scores first, and among equal scores the lower slot first. A heap with the worst hit at its
/// root.
/// </summary>
internal sealed class TopHits(int capacity)
{
    private const int InitialRoom = 128;

    private ShortlistHit[] _heap = new ShortlistHit[Math.Min(capacity, InitialRoom)];
    private int _count;

    /// <summary>A score not above this has no chance, as long as slots are offered in ascending order.</summary>
    public float Bar { get; private set; } = capacity == 0 ? float.PositiveInfinity : float.NaN;

    /// <summary>Number of the query whose hits these are.</summary>
    public int Query { get; init; }

    public ReadOnlySpan<ShortlistHit> Hits => _heap.AsSpan(0, _count);

    /// <summary>
    /// Whether a score needs a closer look: one with a chance, every score until the heap is full, and always one that is not
    /// finite, which must not be missed.
    /// </summary>
    public bool Wants(float score) => !(score <= Bar && score >= float.MinValue);

    public void Offer(ShortlistHit hit)
    {
        if (_count < capacity)
        {
            Push(hit);
        }
        else if (capacity > 0 && Better(hit, _heap[0]))
        {
            _heap[0] = hit;
            SiftDown();
        }

        if (_count == capacity && capacity > 0)
        {
            Bar = _heap[0].Score;
        }
    }

    public static bool Better(ShortlistHit a, ShortlistHit b) => a.Score > b.Score || (a.Score == b.Score && a.Slot < b.Slot);

    public static int Compare(ShortlistHit a, ShortlistHit b) => Better(a, b) ? -1 : Better(b, a) ? 1 : 0;

    private void Push(ShortlistHit hit)
    {
        if (_count == _heap.Length)
        {
            Array.Resize(ref _heap, (int)Math.Min(capacity, 2L * _count));
        }

        var place = _count++;
        while (place > 0 && Better(_heap[(place - 1) / 2], hit))
        {
            _heap[place] = _heap[(place - 1) / 2];
            place = (place - 1) / 2;
        }

        _heap[place] = hit;
    }

    private void SiftDown()
    {
        var hit = _heap[0];
        var place = 0;
        for (var child = 1; child < _count; child = (2 * place) + 1)
        {
            if (child + 1 < _count && Better(_heap[child], _heap[child + 1]))
            {
                child++;
            }

            if (!Better(hit, _heap[child]))
            {
                break;
            }

            _heap[place] = _heap[child];
            place = child;
        }

        _heap[place] = hit;
    }
}
