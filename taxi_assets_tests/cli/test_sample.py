"""What one can rely on when writing a file of made-up trips: `taxi-assets sample`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from taxi_assets.cli.__main__ import main


def test_the_command_line_names_a_file_in_a_folder_as_its_publisher_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["sample", "green", "2021-01", "--rows", "10", "--format", "csv.gz", "--to", str(tmp_path)]
    main(arguments, standalone_mode=False)
    assert [path.name for path in tmp_path.iterdir()] == ["green_tripdata_2021-01.csv.gz"]
    assert capsys.readouterr().out == f"{tmp_path / 'green_tripdata_2021-01.csv.gz'}\n"


def test_a_file_s_name_chooses_its_format(tmp_path: Path) -> None:
    for name in ("a.csv.gz", "b.parquet"):
        arguments = ["sample", "green", "2021-01", "--rows", "10", "--to", str(tmp_path / name)]
        main(arguments, standalone_mode=False)
    assert (tmp_path / "a.csv.gz").read_bytes()[:2] == b"\x1f\x8b"
    assert pq.read_metadata(tmp_path / "b.parquet").num_rows == 10


def test_a_month_before_the_first_layout_is_a_usage_error_and_writes_nothing(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["sample", "yellow", "2001-01", "--to", str(tmp_path)])
    assert done.exit_code == 2
    assert "Invalid value for 'MONTH'" in done.output
    assert list(tmp_path.iterdir()) == []


def test_making_a_sample_imports_neither_pandas_nor_dagster(tmp_path: Path) -> None:
    script = """
import sys
from taxi_assets.cli.__main__ import main
for file_format in ("csv.gz", "parquet"):
    arguments = ["sample", "yellow", "2021-01", "--rows", "1000", "--format", file_format, "--to", sys.argv[1]]
    main(arguments, standalone_mode=False)
assert not {"pandas", "dagster"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True)
