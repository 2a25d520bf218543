using Retrieval.Features.Sources;
using Retrieval.Storage.Local;
using Retrieval.Storage.Local.Writing;

namespace Retrieval.Search.Ingestion;

/// <summary>What the stages of one run share.</summary>
internal sealed class IngestionRun(LocalIndexWriter writer, RejectsFile rejects, LedgerEntry start, ProgressMeter meter, IProgress<IngestionProgress>? progress) : IDisposable
{
    /// <summary>Most refused rows a report lists by itself.</summary>
    public const int RejectsReported = 20;

    private readonly SemaphoreSlim _writing = new(1);

    public LocalIndexWriter Writer => writer;

    public RejectsFile Rejects => rejects;

    /// <summary>The source's entry as this run found it.</summary>
    public LedgerEntry Start => start;

    public ProgressMeter Meter => meter;

    public IProgress<IngestionProgress>? Progress => progress;

    public List<RejectedSample> FirstRejects { get; } = [];

    public long CommittedRow { get; private set; } = start.NextRow;

    /// <summary>The writer is not for concurrent calls, and one stage asks it what it holds while another one appends and commits.</summary>
    public async Task<IDisposable> HoldWriterAsync(CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
        return new Hold(_writing);
    }

    /// <summary>Stores one window.</summary>
    public async Task StoreAsync(EncodedWindow encoded, CancellationToken cancellationToken)
    {
        var (window, rows, skipped) = encoded;
        var replaced = 0;
        if (rows is not null)
        {
            using (await HoldWriterAsync(cancellationToken).ConfigureAwait(false))
            {
                replaced = writer.Append(rows.Rows).Replaced;
            }
        }

        rejects.Add(window.Rejects);
        FirstRejects.AddRange(window.Rejects.Take(RejectsReported - FirstRejects.Count));
        meter.Add(window.EndRow, rows?.Rows.Images.Count ?? 0, replaced, skipped, window.Rejects.Count, rows?.Captions ?? 0);
    }

    /// <summary>Commits what is stored together with how far the source has been read.</summary>
    public async Task CommitAsync(bool completed, CancellationToken cancellationToken)
    {
        rejects.Flush();
        var now = meter.Now();
        using (await HoldWriterAsync(cancellationToken).ConfigureAwait(false))
        {
            await writer.CommitAsync([start with
            {
                NextRow = now.Rows,
                Ingested = start.Ingested + now.Ingested,
                Replaced = start.Replaced + now.Replaced,
                Skipped = start.Skipped + now.Skipped,
                Rejected = start.Rejected + now.Rejected,
                RejectsBytes = rejects.Length,
                Completed = completed,
            }], cancellationToken).ConfigureAwait(false);
        }

        CommittedRow = now.Rows;
    }

    public void Dispose() => _writing.Dispose();

    private sealed class Hold(SemaphoreSlim held) : IDisposable
    {
        public void Dispose() => held.Release();
    }
}
