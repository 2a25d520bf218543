using BenchmarkDotNet.Attributes;
using Npgsql;
using Pgvector;
using Retrieval.Storage.Postgres.Writing;
using Retrieval.Storage.Rows;

namespace Benchmarks;

/// <summary>Embeddings copied into Postgres: the service's own binary stream beside the driver's importer with Pgvector's type.</summary>
/// <remarks>Needs <c>RETRIEVAL_TEST_POSTGRES</c>, a connection string; <c>eng/postgres.sh up</c> prints one.</remarks>
public class CopyBenchmarks
{
    private const int Width = 512;
    private const string Target = "embedding (id, value)";

    private readonly byte[] _buffer = new byte[CopyStream.BufferBytes];
    private NpgsqlDataSource? _source;
    private NpgsqlConnection? _connection;
    private float[][] _rows = [];

    [Params(1_000, 20_000)]
    public int Rows { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var builder = new NpgsqlDataSourceBuilder(Environment.GetEnvironmentVariable("RETRIEVAL_TEST_POSTGRES") ?? throw new InvalidOperationException("RETRIEVAL_TEST_POSTGRES is not set"));
        builder.UseVector();
        _source = builder.Build();
        _connection = _source.OpenConnection();
        Execute($"create extension if not exists vector; create temporary table embedding (id integer, value halfvec({Width}))");
        _connection.ReloadTypes();
        var random = new Random(1);
        _rows = [.. Enumerable.Range(0, Rows).Select(_ => Enumerable.Range(0, Width).Select(_ => random.NextSingle() - 0.5f).ToArray())];
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _connection?.Dispose();
        _source?.Dispose();
    }

    [Benchmark(Baseline = true)]
    public async Task Stream()
    {
        Execute("truncate embedding");
        await using var transaction = await _connection!.BeginTransactionAsync().ConfigureAwait(false);
        await using (var copy = await CopyStream.BeginAsync(_connection, Target, _buffer, CancellationToken.None).ConfigureAwait(false))
        {
            for (var row = 0; row < Rows; row++)
            {
                await copy.RowAsync(2, CancellationToken.None).ConfigureAwait(false);
                copy.Number(row);
                await copy.HalvesAsync(RowBytes.Of(_rows[row]), CancellationToken.None).ConfigureAwait(false);
            }

            await copy.EndAsync(CancellationToken.None).ConfigureAwait(false);
        }

        await transaction.CommitAsync().ConfigureAwait(false);
    }

    [Benchmark]
    public async Task Importer()
    {
        Execute("truncate embedding");
        await using var transaction = await _connection!.BeginTransactionAsync().ConfigureAwait(false);
        await using (var copy = await _connection.BeginBinaryImportAsync($"copy {Target} from stdin (format binary)").ConfigureAwait(false))
        {
            for (var row = 0; row < Rows; row++)
            {
                await copy.StartRowAsync().ConfigureAwait(false);
                await copy.WriteAsync(row).ConfigureAwait(false);
                await copy.WriteAsync(new HalfVector(Array.ConvertAll(_rows[row], value => (Half)value))).ConfigureAwait(false);
            }

            await copy.CompleteAsync().ConfigureAwait(false);
        }

        await transaction.CommitAsync().ConfigureAwait(false);
    }

    private void Execute(string sql)
    {
        using var command = new NpgsqlCommand(sql, _connection);
        command.ExecuteNonQuery();
    }
}
